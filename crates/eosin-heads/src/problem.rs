//! What is to be solved.

use crate::error::HeadError;
use crate::loss::Targets;
use crate::part::TrainingPart;
use crate::table::Table;

/// Models that are columns of the same products.
pub struct Problem<'a> {
    /// The embeddings.
    pub table: &'a Table<'a>,
    /// What patches are told apart by.
    pub targets: Targets<'a>,
    /// What each model is trained on.
    pub parts: &'a [TrainingPart],
}

impl Problem<'_> {
    /// An error where a part lacks a class.
    pub(crate) fn refuse_missing(&self) -> Result<(), HeadError> {
        let mut missing = self
            .parts
            .iter()
            .filter_map(|part| part.missing_class(&self.targets));
        match missing.next() {
            Some(class) => Err(HeadError::ClassMissing { class }),
            None => Ok(()),
        }
    }
}
