//! Names of weights, which are file names too.

use std::fmt;
use std::str::FromStr;

/// No file system takes longer names once an extension is added, and no real name is near it.
const MOST_BYTES: usize = 128;

/// A name of weights, such as `resnet18.a1_in1k`: safe to be a file's name in a folder.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct WeightName(String);

/// A text that is no name of weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{got}' is not a name of weights: {problem}; give one such as 'resnet18.a1_in1k' \
     (letters, digits, '.', '_' and '-')"
)]
pub struct NameError {
    /// The text given.
    pub got: String,
    /// What is wrong with it.
    pub problem: String,
}

impl WeightName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file of this name with the ending `suffix`.
    ///
    /// A suffix holds no '.', so that two names never share a file: the record of `a` is
    /// `a.toml`, and no name but `a` gives that.
    pub(crate) fn file(&self, suffix: &str) -> String {
        format!("{}.{suffix}", self.0)
    }
}

/// What keeps `text` from being a plain file name, if anything.
pub(crate) fn problem_of(text: &str) -> Option<String> {
    let strange = |letter: &char| !(letter.is_ascii_alphanumeric() || "._-".contains(*letter));
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.len() > MOST_BYTES {
        return Some(format!("it has {} bytes, at most {MOST_BYTES}", text.len()));
    }
    if let Some(letter) = text.chars().find(strange) {
        return Some(format!("it has {letter:?}"));
    }
    if text.contains("..") {
        return Some("it has '..'".to_owned());
    }
    // A leading '-' reads as a flag, a leading '.' hides the file, Windows drops a final '.'.
    let wrong_end = text.starts_with(['.', '-']) || text.ends_with('.');
    wrong_end.then(|| "it starts with '.' or '-', or ends with '.'".to_owned())
}

impl FromStr for WeightName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match problem_of(text) {
            None => Ok(Self(text.to_owned())),
            Some(problem) => Err(NameError {
                got: text.to_owned(),
                problem,
            }),
        }
    }
}

impl TryFrom<String> for WeightName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<WeightName> for String {
    fn from(name: WeightName) -> Self {
        name.0
    }
}

impl fmt::Display for WeightName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_the_folder_are_refused() {
        for text in [
            "",
            "..",
            "a..b",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "C:x",
            ".a",
            "-a",
            "a.",
            "a\0b",
            "a b",
        ] {
            let error = text.parse::<WeightName>().unwrap_err().to_string();
            assert!(error.contains("is not a name of weights"), "{error}");
        }
        assert!("x".repeat(129).parse::<WeightName>().is_err());
    }

    #[test]
    fn names_of_timm_are_accepted() {
        let name: WeightName = "vit_small_patch14_dinov2.lvd142m".parse().unwrap();
        assert_eq!(name.file("part"), "vit_small_patch14_dinov2.lvd142m.part");
    }
}
