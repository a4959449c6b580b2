//! What page one says: in plain words, to whoever would use the model.

use eosin_metrics::{Interval, PredictiveValues, Unit};

use crate::model::WrongPatch;

/// A figure with its 95 % interval; what is undefined has no value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    /// The figure.
    pub value: Option<f64>,
    /// Its interval, where it has one.
    pub interval: Option<Interval>,
}

/// How one class is told from the others, at the threshold that is locked.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassFigures {
    /// The class.
    pub class: usize,
    /// Patches of it that were judged.
    pub targets: u64,
    /// Patches of other classes that were.
    pub others: u64,
    /// Patches of it that were taken for another.
    pub missed: u64,
    /// Patches of others that were taken for it.
    pub false_alarms: u64,
    /// Share of its patches that are found.
    pub sensitivity: Figure,
    /// Share of the others that are not taken for it.
    pub specificity: Figure,
    /// Share of what is called so that is, as common as it is among these patches.
    pub ppv: Figure,
    /// Share of what is not called so that is not.
    pub npv: Figure,
    /// The same at the prevalence that was stated; `None` where none was, and where they are undefined.
    pub at_prevalence: Option<PredictiveValues>,
}

/// What is taken for independent where intervals are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What counts.
    pub by: Unit,
    /// How many there are.
    pub groups: u64,
}

/// Page one.
#[derive(Clone, Debug, Default)]
pub struct PageOne {
    /// What the model is for, as its author says; `None`: nobody has said.
    pub intended_use: Option<String>,
    /// What was judged and by which model, a phrase such as `labelled test patches, by all folds together`.
    pub judged: String,
    /// How a patch is decided on, a sentence.
    pub decided: String,
    /// Whether that is another threshold than that of the likeliest class.
    pub is_moved: bool,
    /// Patches that were judged.
    pub patches: u64,
    /// What intervals count; `None` where there are none.
    pub counted: Option<Counted>,
    /// The positive class of two, or every class of more; empty where nothing was judged.
    pub figures: Vec<ClassFigures>,
    /// The prevalence that was stated.
    pub prevalence: Option<f64>,
    /// What these data cannot tell, a sentence each.
    pub cannot_tell: Vec<String>,
    /// Missed patches held with most confidence, of those that the figures are of.
    pub missed: Vec<WrongPatch>,
    /// Why there are no pictures, a sentence, where there are none.
    pub no_pictures: Option<String>,
}
