//! A cache in a temporary folder, a registry of one name, and quick limits.

use std::path::PathBuf;
use std::time::Duration;

use eosin_hub::{Hub, HubError, HubSettings, Limits, Registry, Sha256, Trust, WeightFile};
use tempfile::TempDir;

use crate::server::Server;

pub const NAME: &str = "net.one_in1k";

/// Bytes that repeat nowhere near, so that a shift shows.
pub fn bytes() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..300_000).map(|_| next()).collect()
}

/// A registry of one entry with `more` lines.
pub fn registry(more: &str) -> Registry {
    let text = format!(
        "[[weights]]\nname = '{NAME}'\narchitecture = 'net'\nrepository = 'timm/{NAME}'\n\
         revision = 'main'\nfile = 'model.safetensors'\nlicence = 'mit'\nmean = [0.5, 0.5, 0.5]\n\
         std = [0.5, 0.5, 0.5]\nsize_px = 224\n{more}\n"
    );
    Registry::from_toml(&text, "the test").unwrap()
}

/// The lines that state the hash and length of `bytes`.
pub fn hashed(bytes: &[u8]) -> String {
    format!("sha256 = '{}'\nbytes = {}", Sha256::of(bytes), bytes.len())
}

/// Only the hash.
pub fn hash_only(bytes: &[u8]) -> String {
    format!("sha256 = '{}'", Sha256::of(bytes))
}

pub fn quick() -> Limits {
    Limits {
        connect_timeout: Duration::from_secs(2),
        stall_timeout: Duration::from_millis(250),
        attempts: 3,
        first_wait: Duration::from_millis(5),
        longest_wait: Duration::from_millis(50),
        most_bytes: 1 << 20,
    }
}

pub struct Fixture {
    dir: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    /// A file of the cache, such as `safetensors` for the weights.
    pub fn cached(&self, suffix: &str) -> PathBuf {
        self.cache().join(format!("{NAME}.{suffix}"))
    }

    pub fn settings(&self, server: &Server) -> HubSettings {
        let mut settings = HubSettings::new(self.cache());
        settings.endpoint = server.endpoint();
        settings.limits = quick();
        settings
    }

    pub fn hub(&self, server: &Server, more: &str) -> Hub {
        Hub::new(self.settings(server), registry(more)).unwrap()
    }

    /// Resolves the name against `server`.
    pub fn resolve(&self, server: &Server, more: &str) -> Result<WeightFile, HubError> {
        self.hub(server, more)
            .resolve(NAME, Trust::Registered, &mut |_| ())
    }

    pub fn first_use(&self, server: &Server, more: &str) -> Result<WeightFile, HubError> {
        self.hub(server, more)
            .resolve(NAME, Trust::FirstUse, &mut |_| ())
    }

    /// The names of the files in the cache, sorted.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.cache()).unwrap();
        let mut files: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|file| file.replace(&format!("{NAME}."), ""))
            .collect();
        files.sort();
        files
    }
}

/// The message, whole.
pub fn message(result: Result<WeightFile, HubError>) -> String {
    result.unwrap_err().to_string()
}
