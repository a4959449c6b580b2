//! A temporary folder with a phantom in it, and the program run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Three patients with cancer, so three folds; all is looked at that is by default.
pub const EXAMINED: &str = "--folds 3";
/// The job of most tests: the same without doctor and audit, which take most of the time of a run as small as these.
pub const JOB: &str = "--folds 3 --set train.doctor=off";
/// The same with epochs; the mode is to be named.
pub const EPOCHS: &str = "--folds 3 --set train.doctor=off --epochs 3 --batch-size 16";

/// Patches of [`Scratch::with_phantom`]: 21 benign and 15 malignant.
pub const TRAIN_PATCHES: usize = 36;
/// Its test patches: 7 benign and 5 malignant.
pub const TEST_PATCHES: usize = 12;

/// A folder that goes away with the test. Commands run in it, so names in them are relative.
pub struct Scratch {
    dir: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// The result.
    pub stdout: String,
    /// Progress, advice and errors.
    pub stderr: String,
}

impl Scratch {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A folder with six patients, and two to test on, of six patches of 32 px, in `data`.
    pub fn with_phantom() -> Self {
        let this = Self::new();
        let options = "--patients 6 --test-patients 2 --slides 1 --patches 6 --size 32";
        this.eosin(&format!("phantom --out data {options}")).done();
        this
    }

    /// The same with a finished run in `run`.
    pub fn with_run() -> Self {
        let this = Self::with_phantom();
        this.eosin(&format!("run --data data --out run {JOB}"))
            .done();
        this
    }

    /// The same patches in class folders without a manifest: no groups, no test part.
    pub fn with_class_folders() -> Self {
        let this = Self::with_phantom();
        fs::remove_file(this.path("data/manifest.csv")).expect("the phantom has a manifest");
        this
    }

    /// Where `name` is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The file `name`, which must be there.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The text file `name`.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    /// The JSON file `name`.
    #[track_caller]
    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(name)).expect("JSON")
    }

    /// Writes the file `name` and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, bytes).expect("a new file");
    }

    /// Writes a grey PNG that is no even surface, nor the same as one of another name.
    pub fn write_png(&self, name: &str, width: u32, height: u32) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        let own = name
            .bytes()
            .fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 9973);
        let pixel = |x: u32, y: u32| {
            let value = (x * 37 + y * 91 + (own >> (x % 14)) * 7) % 200;
            image::Luma([u8::try_from(value).expect("a byte")])
        };
        image::GrayImage::from_fn(width, height, pixel)
            .save(path)
            .expect("a new image");
    }

    /// Keys of the manifest's patches, in its order.
    pub fn keys(&self) -> Vec<String> {
        let manifest = self.text("data/manifest.csv");
        let first = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
        manifest.lines().skip(1).map(first).collect()
    }

    /// Keys of the manifest's patches of one part, in its order.
    pub fn keys_of(&self, split: &str) -> Vec<String> {
        let manifest = crate::run_files::rows(&self.text("data/manifest.csv"));
        let part = manifest.iter().filter(|row| row["split"] == split);
        part.map(|row| row["path"].clone()).collect()
    }

    /// The embeddings of `data`, in `e.npy`, and a run on them, in `own`.
    pub fn run_on_own_embeddings(&self) {
        self.eosin(&format!("embed --data data --out e.npy {JOB}"))
            .done();
        self.eosin(&format!(
            "run --data data --embeddings e.npy --out own {JOB}"
        ))
        .done();
    }

    /// Runs the program with these words.
    pub fn eosin(&self, words: &str) -> Outcome {
        Self::outcome(&mut self.command(words))
    }

    /// Runs the program after shell commands that set its limits.
    pub fn eosin_under(&self, limits: &str, words: &str) -> Outcome {
        let mut shell = self.here("sh");
        let line = format!("{limits}; exec \"$0\" {words}");
        Self::outcome(shell.args(["-c", &line, env!("CARGO_BIN_EXE_eosin")]))
    }

    /// The program with these words, ready to be started.
    pub fn command(&self, words: &str) -> Command {
        let mut command = self.here(env!("CARGO_BIN_EXE_eosin"));
        command.args(words.split_whitespace());
        command
    }

    fn here(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir.path())
            .env("EOSIN_CACHE", self.path("cache"));
        command
    }

    fn outcome(command: &mut Command) -> Outcome {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        Outcome {
            code: status.code(),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }
}

impl Outcome {
    /// It must have ended well.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// It must have been refused, with each of `parts` in the error and nothing on stdout.
    #[track_caller]
    pub fn refused(self, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(2), "{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let errors = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .count();
        assert_eq!(errors, 1, "the error is not printed once: {}", self.stderr);
        self.says(parts)
    }

    /// Each of `parts` must be on stderr.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "'{part}' is not in: {}",
                self.stderr
            );
        }
        self
    }

    /// Stdout, which must be one JSON value.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }

    /// What it printed, an object a line.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let lines = self.stdout.lines();
        let lines = lines.map(|line| serde_json::from_str(line).expect("JSON"));
        lines.collect()
    }
}

/// Copies a folder and what is in it, the entries of each folder in reverse order.
pub fn copy_reversed(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    let mut entries: Vec<PathBuf> = fs::read_dir(from)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for entry in entries.iter().rev() {
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy_reversed(entry, &target);
        } else {
            fs::copy(entry, target).expect("a copy");
        }
    }
}
