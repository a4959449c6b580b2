//! What a layout has found, before it is a manifest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eosin_core::Split;

/// A patch whose class is still a word.
#[derive(Clone, Debug, Default)]
pub(super) struct FoundPatch {
    pub key: String,
    pub path: PathBuf,
    pub label: Option<String>,
    pub patient: Option<String>,
    pub slide: Option<String>,
    pub group: Option<String>,
    pub split: Option<Split>,
    pub fold: Option<String>,
    pub site: Option<String>,
    /// The row of the table that names it.
    pub line: Option<u64>,
}

impl FoundPatch {
    /// Where a reader would look for it.
    pub(super) fn place(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}"),
            None => self.key.clone(),
        }
    }
}

/// The folder that names a class.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub folder: PathBuf,
    /// Files in it that have no image ending.
    pub others: usize,
}

/// What a layout's reader hands over.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub root: PathBuf,
    pub patches: Vec<FoundPatch>,
    /// Classes that the layout names, even without patches, with the folder that names them.
    pub declared: BTreeMap<String, Option<Declared>>,
    pub notes: Vec<String>,
    /// What a table calls the column of the keys.
    pub key_column: Option<String>,
}
