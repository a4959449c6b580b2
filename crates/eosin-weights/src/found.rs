//! What a format's reader finds.

use std::collections::BTreeMap;

/// What a format's reader finds.
#[derive(Debug)]
pub(crate) struct Found<T> {
    pub tensors: BTreeMap<String, T>,
    pub metadata: BTreeMap<String, String>,
    pub taken_from: Vec<String>,
    pub other_candidates: Vec<String>,
    pub left_out: Vec<String>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            tensors: BTreeMap::new(),
            metadata: BTreeMap::new(),
            taken_from: Vec::new(),
            other_candidates: Vec::new(),
            left_out: Vec::new(),
        }
    }
}
