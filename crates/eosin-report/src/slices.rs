//! What a report shows of slices.

use eosin_metrics::SliceFigures;

use crate::model::Fact;

/// How a run does on parts of its patches.
#[derive(Clone, Debug)]
pub struct SlicesReport {
    /// What counts as decided, a sentence.
    pub about: String,
    /// What was judged, such as out of fold.
    pub parts: Vec<SlicedPart>,
    /// What patches could not be divided by, each with why.
    pub not_divided: Vec<Fact>,
}

/// One part that was judged, divided in several ways.
#[derive(Clone, Debug)]
pub struct SlicedPart {
    /// What it is called.
    pub name: String,
    /// All of its patches.
    pub all: SliceFigures,
    /// Each way in which it is divided.
    pub kinds: Vec<SliceKindReport>,
}

/// One way of dividing.
#[derive(Clone, Debug)]
pub struct SliceKindReport {
    /// What by, such as `patient`.
    pub kind: String,
    /// Where that is said, what intervals take for independent, and what is not known, a sentence.
    pub note: String,
    /// What is to be said of the worst slice, a sentence.
    pub worst: String,
    /// Whether it is worse than chance makes the worst of as many.
    pub is_told: bool,
    /// The slices that are shown, the worst first.
    pub shown: Vec<SliceRow>,
    /// How many there are.
    pub count: usize,
}

/// A slice.
#[derive(Clone, Debug)]
pub struct SliceRow {
    /// What it is called.
    pub name: String,
    /// Whether it is too small to be told from others.
    pub too_small: bool,
    /// How the run does on it.
    pub figures: SliceFigures,
}
