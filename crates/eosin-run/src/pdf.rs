//! Printing a report with a browser that is there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use eosin_store::write_atomic;

/// The variable that names a browser.
const VARIABLE: &str = "EOSIN_BROWSER";
/// What Chromium and its kin are called.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
];
/// After so long a browser has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// A browser that prints without a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser(PathBuf);

impl Browser {
    /// The one that `EOSIN_BROWSER` names, else the first of Chromium, Chrome and Edge on the `PATH`.
    ///
    /// # Errors
    /// When there is none: says what to install, and that the report prints from any browser.
    pub fn find() -> Result<Self> {
        if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
            let path = PathBuf::from(&named);
            let found = if path.components().count() > 1 {
                path.is_file().then_some(path)
            } else {
                on_path(&path)
            };
            return match found {
                Some(path) => Ok(Self(path)),
                None => bail!(
                    "{VARIABLE} names '{}', and no such program is there; name a Chromium or Chrome",
                    named.display()
                ),
            };
        }
        match NAMES.iter().find_map(|name| on_path(Path::new(name))) {
            Some(path) => Ok(Self(path)),
            None => bail!(
                "a PDF takes Chromium or Chrome, and none is on the PATH: install one (Debian: 'apt install \
                 chromium'), or name one by {VARIABLE}. The report itself needs none: report.html prints from \
                 any browser"
            ),
        }
    }
}

fn on_path(name: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Prints a page that lies in a file to a PDF.
///
/// # Errors
/// When the browser cannot be started, prints nothing, or takes too long.
pub(crate) fn print(browser: &Browser, html: &Path, pdf: &Path) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("eosin-print-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let printed = print_in(&folder, browser, html);
    // What a browser leaves behind is no reason to fail.
    drop(std::fs::remove_dir_all(&folder));
    write_atomic(pdf, &printed?)?;
    Ok(())
}

/// A second time without the browser's sandbox, which it cannot have as root or in a container: the page is
/// our own, and may fetch and run nothing.
fn print_in(folder: &Path, browser: &Browser, html: &Path) -> Result<Vec<u8>> {
    let url = file_url(&std::path::absolute(html)?);
    let out = folder.join("report.pdf");
    let mut told = String::new();
    for sandbox in [None, Some("no-sandbox")] {
        let mut command = Command::new(&browser.0);
        command
            .args(
                [
                    "headless",
                    "disable-gpu",
                    "no-first-run",
                    "no-pdf-header-footer",
                ]
                .map(flag),
            )
            .args(sandbox.map(flag))
            .arg(flag(&format!(
                "user-data-dir={}",
                folder.join("profile").display()
            )))
            .arg(flag(&format!("print-to-pdf={}", out.display())))
            .arg(&url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", browser.0.display()))?;
        told = wait(&mut child)?;
        if let Ok(bytes) = std::fs::read(&out)
            && bytes.starts_with(b"%PDF-")
        {
            return Ok(bytes);
        }
    }
    bail!(
        "{} printed nothing ({told}); try another by {VARIABLE}, or print {} from any browser",
        browser.0.display(),
        html.display()
    )
}

/// A flag of the browser's.
fn flag(name: &str) -> String {
    format!("--{name}")
}

/// Waits for the browser to end; how it did.
fn wait(child: &mut Child) -> Result<String> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.to_string());
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(format!("it took more than {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The address of a file, with what has a meaning in addresses escaped.
fn file_url(path: &Path) -> String {
    let escaped = path.as_os_str().as_encoded_bytes().iter();
    let escaped = escaped.map(|byte| match byte {
        b'/' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
        plain if plain.is_ascii_alphanumeric() => char::from(*plain).to_string(),
        other => format!("%{other:02X}"),
    });
    format!("file://{}", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_escapes_what_has_a_meaning_in_it() {
        assert_eq!(
            file_url(Path::new("/a b/ü#?.html")),
            "file:///a%20b/%C3%BC%23%3F.html"
        );
    }
}
