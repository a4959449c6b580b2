//! What is to be solved.

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
