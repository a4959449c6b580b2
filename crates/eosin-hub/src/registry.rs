//! The registry: which weights there are, and where.

use std::path::Path;

use eosin_store::FileError;

use crate::error::{HubError, RegistryError};
use crate::name::{WeightName, problem_of};
use crate::near::near_names;
use crate::sha256::Sha256;

/// How files of weights may end.
pub(crate) const EXTENSIONS: [&str; 4] = ["safetensors", "pth", "pt", "bin"];

/// Written by `scripts/make_registry.py`.
const BUILT_IN: &str = include_str!("../weights.toml");

/// What is known of one file of weights: one `[[weights]]` table of a registry file.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightEntry {
    /// The name that a user gives; timm's, such as `resnet18.a1_in1k`.
    pub name: WeightName,
    /// The network that the weights are for, such as `resnet18`.
    pub architecture: String,
    /// The hub's repository, such as `timm/resnet18.a1_in1k`.
    pub repository: String,
    /// The branch, tag or commit of the repository, such as `main`.
    pub revision: String,
    /// The file in the repository, such as `model.safetensors`.
    pub file: String,
    /// The file's SHA-256, where proven.
    pub sha256: Option<Sha256>,
    /// The file's length, where proven.
    pub bytes: Option<u64>,
    /// Under which licence the weights may be used.
    pub licence: String,
    /// What is subtracted from each channel, red first, of pixels between 0 and 1.
    pub mean: [f32; 3],
    /// What each channel is then divided by.
    pub std: [f32; 3],
    /// The side of the square image that the weights were trained or tuned for, in pixels.
    pub size_px: u32,
    /// Anything else to know.
    pub note: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryFile {
    weights: Vec<WeightEntry>,
}

/// Every known entry, in the order of the files.
#[derive(Clone, Debug)]
pub struct Registry {
    entries: Vec<WeightEntry>,
}

impl WeightEntry {
    /// How the file's name ends: one of [`EXTENSIONS`], as checked when the entry was read.
    pub(crate) fn extension(&self) -> &str {
        self.file.rsplit('.').next().unwrap_or_default()
    }

    /// What is wrong with the entry, beyond its types.
    fn problem(&self) -> Option<String> {
        let in_path = |text: &str| text.split('/').find_map(problem_of);
        let repository = in_path(&self.repository)
            .or_else(|| (self.repository.split('/').count() != 2).then(|| "not OWNER/NAME".into()));
        let extension = || {
            let known = EXTENSIONS.contains(&self.extension()) && self.file.contains('.');
            (!known).then(|| format!("ends with none of {}", EXTENSIONS.join(", ")))
        };
        let wrong = |key: &str, got: &str, problem: String| format!("{key} = '{got}': {problem}");
        None.or_else(|| repository.map(|problem| wrong("repository", &self.repository, problem)))
            .or_else(|| problem_of(&self.revision).map(|p| wrong("revision", &self.revision, p)))
            .or_else(|| in_path(&self.file).map(|p| wrong("file", &self.file, p)))
            .or_else(|| extension().map(|problem| wrong("file", &self.file, problem)))
            .or_else(|| self.wrong_value())
    }

    fn wrong_value(&self) -> Option<String> {
        let empty = |text: &str| text.trim().is_empty();
        let mean = self.mean.iter().all(|value| value.is_finite());
        let std = self
            .std
            .iter()
            .all(|value| value.is_finite() && *value > 0.0);
        [
            (empty(&self.architecture), "architecture is empty"),
            (
                empty(&self.licence),
                "licence is empty; write 'unknown' if it is",
            ),
            (
                self.bytes == Some(0),
                "bytes is 0; leave it out if it is not known",
            ),
            (self.size_px == 0, "size_px is 0; expected at least 1"),
            (!mean, "mean has a value that is not finite"),
            (!std, "std has a value that is not above 0"),
        ]
        .into_iter()
        .find_map(|(wrong, problem)| wrong.then(|| problem.to_owned()))
    }
}

impl Registry {
    /// The entries that are part of the program.
    ///
    /// # Errors
    /// Never for a program whose tests pass.
    pub fn built_in() -> Result<Self, RegistryError> {
        Self::from_toml(BUILT_IN, "the built-in registry")
    }

    /// Reads the text of a registry file; `origin` names it in errors.
    ///
    /// # Errors
    /// When the text is no TOML, a key is unknown or missing, a value is wrong or a name twice.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, RegistryError> {
        let error = |problem: String| RegistryError::Wrong {
            origin: origin.to_owned(),
            problem,
        };
        let file: RegistryFile =
            toml::from_str(text).map_err(|cause| error(cause.to_string().trim_end().to_owned()))?;
        let mut registry = Self { entries: vec![] };
        for entry in file.weights {
            if let Some(problem) = entry.problem() {
                return Err(error(format!("entry '{}': {problem}", entry.name)));
            }
            // Names are file names, and some file systems do not tell letters' cases apart.
            if let Some(other) = registry.same_file(&entry.name) {
                return Err(error(format!(
                    "'{other}' and '{}' are one name twice",
                    entry.name
                )));
            }
            registry.entries.push(entry);
        }
        Ok(registry)
    }

    /// Adds the entries of the registry file at `path`. An entry replaces one of the same name,
    /// for instance to add a hash to it.
    ///
    /// # Errors
    /// As [`Registry::from_toml`]; and when an entry would change a known hash, because a name
    /// must go on to mean the same bytes.
    pub fn with_file(mut self, path: &Path) -> Result<Self, RegistryError> {
        let text = std::fs::read_to_string(path).map_err(FileError::on("read", path))?;
        let added = Self::from_toml(&text, &path.display().to_string())?;
        for entry in added.entries {
            let Some(at) = self.entries.iter().position(|old| old.name == entry.name) else {
                self.entries.push(entry);
                continue;
            };
            let old = &self.entries[at];
            if old.sha256.is_some() && old.sha256 != entry.sha256 {
                return Err(RegistryError::Clash {
                    name: entry.name.to_string(),
                    path: path.to_owned(),
                    known: old.sha256.map_or_else(String::new, |hash| hash.to_string()),
                });
            }
            self.entries[at] = entry;
        }
        Ok(self)
    }

    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&WeightEntry> {
        self.entries
            .iter()
            .find(|entry| entry.name.as_str() == name)
    }

    /// Every entry.
    pub fn entries(&self) -> &[WeightEntry] {
        &self.entries
    }

    /// The entries of one architecture; of the built-in ones the first is timm's default.
    pub fn of_architecture(&self, architecture: &str) -> impl Iterator<Item = &WeightEntry> {
        let architecture = architecture.to_owned();
        self.entries
            .iter()
            .filter(move |entry| entry.architecture == architecture)
    }

    /// Known names that `name` was probably meant for.
    fn near(&self, name: &str) -> Vec<String> {
        near_names(
            name,
            self.of_architecture(name).map(|entry| entry.name.as_str()),
            &self.entries.iter().map(|entry| entry.name.as_str()),
        )
    }

    /// The error for a `name` that is not here, with the names that were probably meant.
    pub fn unknown(&self, name: &str) -> HubError {
        HubError::Unknown {
            name: name.to_owned(),
            near: self.near(name),
        }
    }

    fn same_file(&self, name: &WeightName) -> Option<&WeightName> {
        self.entries
            .iter()
            .map(|entry| &entry.name)
            .find(|other| other.as_str().eq_ignore_ascii_case(name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_right_one_first() {
        let registry = Registry::built_in().unwrap();
        assert_eq!(registry.near("resnet18.a1_in1")[0], "resnet18.a1_in1k");
    }

    #[test]
    fn an_architectures_name_finds_its_default_weights_first() {
        let registry = Registry::built_in().unwrap();
        assert_eq!(registry.near("resnet101")[0], "resnet101.a1h_in1k");
    }

    #[test]
    fn a_name_like_no_other_finds_nothing() {
        assert!(Registry::built_in().unwrap().near("QQQ").is_empty());
    }
}
