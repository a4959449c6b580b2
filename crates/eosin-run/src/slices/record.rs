//! `slices.json`.

use anyhow::{Result, bail};
use eosin_core::choice::choices;
use eosin_metrics::{SliceFigures, Unit};
use eosin_store::{RunFolder, names};
use eosin_train::Part;
use serde::{Deserialize, Serialize};

/// Below this, what was found is not taken for chance.
const CHANCE: f64 = 0.05;

choices! {
    /// What patches are divided by.
    pub enum SliceKind {
        /// The patient.
        Patient => "patient",
        /// The slide.
        Slide => "slide",
        /// The group that a manifest names.
        Group => "group",
        /// The class.
        Class => "class",
        /// Width and height as the patch is stored.
        Size => "size",
        /// Clusters of the mean colour, as an optical density.
        Stain => "stain",
        /// Where the patch comes from.
        Source => "source",
    }
}

/// How a run does on parts of its patches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlicesRecord {
    /// Version of eosin.
    pub eosin_version: String,
    /// The positive class of two, which recall and probabilities are about; `None` with more classes, whose
    /// probabilities are those of the class decided for.
    pub positive: Option<String>,
    /// What counts as decided, a sentence without an end.
    pub decided: String,
    /// What was judged.
    pub parts: Vec<PartSlices>,
    /// What patches could not be divided by, and why.
    pub not_divided: Vec<NotDivided>,
}

/// Something that patches could not be divided by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotDivided {
    /// What.
    pub kind: SliceKind,
    /// Why, a sentence without an end.
    pub why: String,
}

/// The slices of one part: out of fold (of the first cross-validation), or the labelled test patches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartSlices {
    /// Which.
    pub part: Part,
    /// What is taken for independent among its patches.
    pub by: Unit,
    /// All of its patches.
    pub all: SliceFigures,
    /// Its slices.
    pub kinds: Vec<KindSlices>,
}

/// Slices of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindSlices {
    /// What patches are divided by.
    pub kind: SliceKind,
    /// Where that is said, such as `file format`.
    pub told_by: String,
    /// What the intervals take for independent: patches, where a slice is what is taken for independent.
    pub by: Unit,
    /// What is dealt out when slices are drawn at random.
    pub dealt: Unit,
    /// How many draws.
    pub draws: u64,
    /// Patches of which this is not known.
    pub unknown: u64,
    /// The slices, in the order of their names.
    pub slices: Vec<SliceRecord>,
    /// The worst of those that are large enough; `None` where none is, or none falls below what is to be
    /// expected of it.
    pub worst: Option<WorstRecord>,
}

/// A slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceRecord {
    /// What it is called.
    pub name: String,
    /// Whether it is too small to be told from the others, whatever is decided of its patches.
    pub too_small: bool,
    /// How the run does on it.
    #[serde(flatten)]
    pub figures: SliceFigures,
}

/// The slice that falls furthest below what is to be expected of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstRecord {
    /// What it is called.
    pub name: String,
    /// The accuracy that is to be expected of its classes.
    pub expected: f64,
    /// How often the worst of as many slices drawn at random falls as far below.
    pub p: f64,
    /// The same by Holm's rule for having looked at several kinds.
    pub p_holm: f64,
}

impl WorstRecord {
    /// Whether it is worse than chance makes the worst of as many.
    pub fn is_told(&self) -> bool {
        self.p_holm < CHANCE
    }
}

impl KindSlices {
    /// Slices that are large enough to be told from others.
    pub fn large_enough(&self) -> usize {
        self.slices.iter().filter(|slice| !slice.too_small).count()
    }

    /// The slice that `worst` names.
    pub fn worst_slice(&self) -> Option<&SliceRecord> {
        let worst = self.worst.as_ref()?;
        self.slices.iter().find(|slice| slice.name == worst.name)
    }

    /// The worst, then all by accuracy, those that are too small last.
    pub fn worst_first(&self) -> Vec<&SliceRecord> {
        let worst = self.worst.as_ref().map(|worst| worst.name.as_str());
        let is_other = |slice: &SliceRecord| Some(slice.name.as_str()) != worst;
        let accuracy = |slice: &SliceRecord| slice.figures.accuracy.value.unwrap_or(1.0);
        let mut all: Vec<&SliceRecord> = self.slices.iter().collect();
        all.sort_by(|a, b| {
            is_other(a)
                .cmp(&is_other(b))
                .then(a.too_small.cmp(&b.too_small))
                .then(accuracy(a).total_cmp(&accuracy(b)))
        });
        all
    }

    /// What is to be said of the worst, a sentence without an end.
    pub fn worst_text(&self) -> String {
        let (Some(worst), Some(slice)) = (&self.worst, self.worst_slice()) else {
            return if self.large_enough() == 0 {
                "all slices are too small to tell".to_owned()
            } else {
                "none falls below what is to be expected of it".to_owned()
            };
        };
        let accuracy = slice.figures.accuracy;
        let value = accuracy
            .value
            .map_or_else(|| "undefined".to_owned(), |value| format!("{value:.3}"));
        let interval = accuracy.interval.map_or_else(String::new, |interval| {
            format!(" [{:.3}, {:.3}]", interval.ci_low, interval.ci_high)
        });
        let verdict = if worst.is_told() {
            "more than chance"
        } else {
            "which may be chance"
        };
        format!(
            "{} has accuracy {value}{interval} in {} patches, where {:.3} is to be expected; the worst of {} \
             slices drawn at random falls as far below in {} of draws ({} by Holm over kinds): {verdict}",
            worst.name,
            slice.figures.patches,
            worst.expected,
            self.large_enough(),
            share(worst.p),
            share(worst.p_holm)
        )
    }
}

/// A share in percent, no fewer digits than tell it from nothing.
fn share(p: f64) -> String {
    if p < 0.1 {
        format!("{:.2} %", 100.0 * p)
    } else {
        format!("{:.0} %", 100.0 * p)
    }
}

/// What `slices.json` of a finished run says.
///
/// # Errors
/// When it has none, or it is damaged.
pub fn slices_of_run(folder: &RunFolder) -> Result<SlicesRecord> {
    if !folder.has(names::SLICES) {
        bail!(
            "{} has no {}: it was made by a version of eosin without it; 'eosin run --resume {0}' adds it",
            folder.dir().display(),
            names::SLICES
        );
    }
    Ok(folder.read_json(names::SLICES)?)
}
