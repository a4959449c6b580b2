//! How well probabilities agree with what comes true, what thresholds do, and whether patches suffice.

use eosin_metrics::{
    BrierParts, CutFigures, DecisionPoint, Recalibration, ReliabilityPoint, SampleSize, Unit,
};

/// What `decision.json` says of a run.
#[derive(Clone, Debug, Default)]
pub struct DecidingReport {
    /// Why what was asked for could not be done, sentences.
    pub undone: Vec<String>,
    /// What intervals take for independent; `None`: each patch by itself.
    pub by: Option<Unit>,
    /// The run as it is, then by each calibrator, out of fold and on test patches.
    pub calibrations: Vec<CalibrationReport>,
    /// Ways of choosing a threshold; empty of more than two classes.
    pub thresholds: Vec<ThresholdReport>,
    /// What decisions gain, part by part; empty of more than two classes.
    pub usefulness: Vec<UsefulnessReport>,
}

/// How well calibrated a part is by one calibrator.
#[derive(Clone, Debug)]
pub struct CalibrationReport {
    /// The calibrator; `none` is the run as it is.
    pub calibrator: String,
    /// Whether predicting applies it.
    pub is_applied: bool,
    /// The part, such as `out of fold`.
    pub part: String,
    /// How well; why that has no value as a sentence.
    pub figures: Result<CalibrationValues, String>,
}

/// How well calibrated probabilities are.
#[derive(Clone, Debug)]
pub struct CalibrationValues {
    /// Patches judged.
    pub patches: u64,
    /// Mean negative logarithm of the target's probability.
    pub log_loss: Option<f64>,
    /// The Brier score.
    pub brier: Option<f64>,
    /// The expected calibration error, 15 bins.
    pub ece: Option<f64>,
    /// What there is of two classes only.
    pub two_classes: Option<TwoClassCalibration>,
}

/// How well calibrated the probability of the positive class is.
#[derive(Clone, Debug)]
pub struct TwoClassCalibration {
    /// Slope, intercept and the like.
    pub recalibration: Recalibration,
    /// What the Brier score is made of.
    pub brier_parts: BrierParts,
    /// The reliability diagram.
    pub reliability: Vec<ReliabilityPoint>,
}

/// What a way of choosing a threshold comes to.
#[derive(Clone, Debug)]
pub struct ThresholdReport {
    /// The way, such as `youden`.
    pub rule: String,
    /// Whether it is the one that the run applies.
    pub is_locked: bool,
    /// The probability from which on the positive class counts; why there is none as a sentence.
    pub prob: Result<f64, String>,
    /// What it does with the patches that it was chosen on.
    pub chosen_on: Option<CutFigures>,
    /// What thresholds chosen on the other folds do.
    pub out_of_fold: Option<CutFigures>,
    /// What it does with test patches.
    pub test: Option<CutFigures>,
}

/// What decisions gain in a part, and whether its patches suffice to tell.
#[derive(Clone, Debug)]
pub struct UsefulnessReport {
    /// The part, such as `out of fold`.
    pub part: String,
    /// Net benefit by threshold; empty where all patches are of one class.
    pub curve: Vec<DecisionPoint>,
    /// Patches needed against those at hand.
    pub sample_size: SampleSize,
}
