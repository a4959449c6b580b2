//! Labels that a run contradicts.

use std::path::PathBuf;

use eosin_audit::label_noise;
use serde::Serialize;

use super::run_predictions::RunPredictions;
use crate::job::Job;

/// What confident learning says of the labels.
#[derive(Clone, Debug, Serialize)]
pub struct LabelsRecord {
    /// The run whose out-of-fold probabilities say it.
    pub run: PathBuf,
    /// Patches that have some.
    pub patches: usize,
    /// How many labels are estimated to be wrong.
    pub estimated: usize,
    /// Patches whose label is contradicted, the most contradicted first.
    pub ranked: Vec<LabelRecord>,
}

/// A patch whose label a run contradicts.
#[derive(Clone, Debug, Serialize)]
pub struct LabelRecord {
    /// Its key.
    pub key: String,
    /// Its label.
    pub given: String,
    /// What the run says.
    pub suggested: String,
    /// Probability of the label less that of the likeliest other class, -1 to 1.
    pub margin: f64,
    /// Whether it is one of those that confident learning counts as mislabelled.
    pub counted: bool,
    /// Its place in the manifest.
    #[serde(skip)]
    pub place: usize,
}

/// Confident learning on a run's out-of-fold probabilities.
pub(super) fn labels(job: &Job, run: &RunPredictions) -> LabelsRecord {
    let manifest = job.manifest();
    let known = run.out_of_fold.iter().filter_map(|(place, probs)| {
        let class = manifest.patches[*place].class?;
        Some((*place, class, probs))
    });
    let (mut places, mut targets, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for (place, class, probs) in known {
        places.push(place);
        targets.push(class);
        all.extend_from_slice(probs);
    }
    let found = label_noise(&targets, &all, manifest.classes.len());
    let record = |issue: &eosin_audit::LabelIssue| LabelRecord {
        key: manifest.patches[places[issue.row]].key.clone(),
        given: manifest.classes[issue.given].clone(),
        suggested: manifest.classes[issue.suggested].clone(),
        margin: issue.margin,
        counted: issue.counted,
        place: places[issue.row],
    };
    LabelsRecord {
        run: run.dir.clone(),
        patches: places.len(),
        estimated: found.estimated,
        ranked: found.issues.iter().map(record).collect(),
    }
}
