//! By what two names are those of one image.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;

/// What of two names is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// All of it.
    Whole,
    /// The file that they name: of labels from the folder of their file, of predictions from the
    /// working folder.
    File,
    /// One name is the end of the other, in whole names: `a.png` and `new/a.png`.
    End,
    /// As `End`, without the ending of the file's name: `a` and `new/a.png`.
    EndOfStem,
}

/// What does not count in comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leniency {
    /// Everything counts.
    Exact,
    /// The Unicode form, and bytes of old encodings, do not.
    Form,
    /// Nor does case.
    Case,
}

/// Why two names are those of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// What is compared.
    pub by: By,
    /// What does not count.
    pub leniency: Leniency,
}

impl Rule {
    /// Equal texts.
    pub const EQUAL: Self = Self {
        by: By::Whole,
        leniency: Leniency::Exact,
    };

    /// Every rule, the strictest first.
    pub fn all() -> impl Iterator<Item = Self> {
        let leniencies = [Leniency::Exact, Leniency::Form, Leniency::Case];
        leniencies.into_iter().flat_map(|leniency| {
            let bys = [By::Whole, By::File, By::End, By::EndOfStem];
            bys.into_iter().map(move |by| Self { by, leniency })
        })
    }

    /// What of a name is compared; names are relative to `folder`.
    pub(super) fn form(self, name: &str, folder: &Path) -> String {
        let name = match self.by {
            By::Whole => name.to_owned(),
            By::File => {
                let path = folder.join(name);
                let path = std::path::absolute(&path).unwrap_or(path);
                plain_path(&path).to_string_lossy().into_owned()
            }
            By::End => with_slashes(name),
            By::EndOfStem => without_ending(&with_slashes(name)).to_owned(),
        };
        self.leniency.form(&name)
    }
}

impl Leniency {
    pub(super) fn form(self, name: &str) -> String {
        match self {
            Self::Exact => name.to_owned(),
            Self::Form => latin(name).nfc().collect(),
            Self::Case => latin(name)
                .nfkc()
                .collect::<String>()
                .to_lowercase()
                .nfc()
                .collect(),
        }
    }
}

/// Bytes that are no UTF-8, which names have as `\xE4`, as Windows-1252 has them.
fn latin(name: &str) -> String {
    if !name.contains("\\x") {
        return name.to_owned();
    }
    let mut text = String::new();
    let mut rest = name;
    while let Some(at) = rest.find("\\x") {
        text.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 4);
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = byte.filter(|byte| *byte >= 0x80) {
            text.push_str(&encoding_rs::WINDOWS_1252.decode(&[byte]).0);
            rest = &rest[at + 4..];
        } else {
            text.push_str("\\x");
            rest = &rest[at + 2..];
        }
    }
    text + rest
}

/// One kind of separator, and nothing that leads back and forth at the beginning.
pub(super) fn with_slashes(name: &str) -> String {
    let mut name = name.trim_start_matches("file://").replace('\\', "/");
    while name.contains("//") {
        name = name.replace("//", "/");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." if parts
                .last()
                .is_some_and(|last| *last != ".." && !last.is_empty()) =>
            {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    joined.trim_start_matches("../").to_owned()
}

/// Endings that names in tables often lack or have otherwise.
const ENDINGS: [&str; 17] = [
    "png", "jpg", "jpeg", "jpe", "tif", "tiff", "bmp", "webp", "gif", "jp2", "svs", "ndpi", "dcm",
    "npy", "pt", "mrxs", "scn",
];

/// The name without the ending of an image.
pub(super) fn without_ending(name: &str) -> &str {
    let file = name.rfind('/').map_or(0, |at| at + 1);
    match name[file..].rfind('.') {
        Some(dot) if dot > 0 => {
            let ending = name[file + dot + 1..].to_lowercase();
            if ENDINGS.contains(&ending.as_str()) {
                &name[..file + dot]
            } else {
                name
            }
        }
        _ => name,
    }
}

/// A path without `.` and `..`.
pub(super) fn plain_path(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.by {
            By::Whole => "equal keys",
            By::File => "the file that they name",
            By::End => "the end of their paths",
            By::EndOfStem => "the end of their paths, without the file's ending",
        })?;
        f.write_str(match self.leniency {
            Leniency::Exact => "",
            Leniency::Form => ", whatever their Unicode form",
            Leniency::Case => ", whatever their case",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_does_not_count() {
        let form = |by, leniency, name: &str| Rule { by, leniency }.form(name, Path::new(""));
        assert_eq!(form(By::End, Leniency::Exact, ".\\x\\..\\A.png"), "A.png");
        assert_eq!(form(By::End, Leniency::Exact, "../../c/x.png"), "c/x.png");
        assert_eq!(
            form(By::EndOfStem, Leniency::Exact, "a/1.2.840.1"),
            "a/1.2.840.1"
        );
        assert_eq!(
            form(By::EndOfStem, Leniency::Case, "D:\\A\\X.PNG"),
            "d:/a/x"
        );
        assert_eq!(form(By::Whole, Leniency::Form, "fa\u{308}"), "f\u{e4}");
        assert_eq!(
            form(By::Whole, Leniency::Form, "f\\xE4rbung\\xz"),
            "f\u{e4}rbung\\xz"
        );
    }
}
