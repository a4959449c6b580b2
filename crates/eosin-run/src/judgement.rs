//! How a run answers: the class and the probabilities that are shown.

use anyhow::Result;
use eosin_core::{Calibrator, Task};
use eosin_store::RunRecord;
use serde::Serialize;

use crate::record::task_of;

/// How a run decides, and what it shows.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What is told apart, and how a class follows from probabilities before calibration.
    pub task: Task,
    /// What makes these the probabilities that are shown.
    pub calibrator: Option<Calibrator>,
}

/// The answer to an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// What the image is called.
    pub path: String,
    /// The class decided on.
    pub pred: String,
    /// The probability of each class, by name.
    pub probs: serde_json::Map<String, serde_json::Value>,
}

impl Judgement {
    /// That of a run.
    ///
    /// # Errors
    /// When its description contradicts itself.
    pub fn of(record: &RunRecord) -> Result<Self> {
        let decision = record.decision.as_ref();
        Ok(Self {
            task: task_of(record)?,
            calibrator: decision.and_then(|applied| applied.calibrator.clone()),
        })
    }

    /// The class decided on, from the run's probabilities.
    pub fn pred(&self, probs: &[f32]) -> &str {
        &self.task.classes[self.task.decision.decide(probs)]
    }

    /// The probabilities shown, from the run's.
    pub fn shown(&self, probs: &[f32]) -> Vec<f32> {
        match &self.calibrator {
            None => probs.to_vec(),
            Some(calibrator) => calibrator.probs(probs, self.task.positive),
        }
    }

    /// The answer to the image called `path`, from the run's probabilities.
    pub fn answer(&self, path: &str, probs: &[f32]) -> Answer {
        let shown = self.shown(probs).into_iter().map(Into::into);
        Answer {
            path: path.to_owned(),
            pred: self.pred(probs).to_owned(),
            probs: self.task.classes.iter().cloned().zip(shown).collect(),
        }
    }
}
