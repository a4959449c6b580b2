//! What a run says of itself.

use anyhow::{Context as _, Result};
use eosin_core::Task;
use eosin_core::config::HeadKind;
use eosin_core::task::{PositiveChoice, positive_class};
use eosin_data::Folds;
use eosin_store::{NetworkRecord, OtherSize, RunRecord, StainRecord, StartRecord};
use eosin_train::{PreparedBackbone, RunResult, StartingPoint, resize_between_sizes};

use crate::job::Job;

/// What is known of a run besides its job.
pub(crate) struct Circumstances {
    pub created: String,
    pub command: Vec<String>,
    pub patches_hash: String,
}

pub(crate) fn record(
    job: &Job,
    folds: &Folds,
    start_from: &StartingPoint,
    result: &RunResult,
    circumstances: Circumstances,
) -> RunRecord {
    let config = &job.config;
    let manifest = job.manifest();
    RunRecord {
        format: RunRecord::FORMAT,
        eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
        created: circumstances.created,
        command: circumstances.command,
        seed: config.seed.0,
        manifest_hash: manifest.hash(),
        patches_hash: circumstances.patches_hash,
        start: started_from(job, start_from, result),
        head: config.train.head,
        hidden: match config.train.head {
            HeadKind::Mlp => config.train.hidden,
            _ => 0,
        },
        cut: result.cut.clone(),
        views: config.judged_symmetries(),
        // An ensemble's members are judged at sizes of their own.
        other_sizes: match start_from {
            StartingPoint::Network(_) => {
                let sizes = config.augment.sizes_px.iter();
                let resize = resize_between_sizes(&config.data);
                let other = |size_px: &usize| OtherSize {
                    size_px: *size_px,
                    resize,
                };
                sizes.map(other).collect()
            }
            StartingPoint::Embeddings(_) | StartingPoint::Members(_) | StartingPoint::Soup(_) => {
                Vec::new()
            }
        },
        classes: manifest.classes.clone(),
        positive: manifest.classes[job.task.positive].clone(),
        max_side_px: config.data.max_side_px,
        preprocess: result.preprocess.clone(),
        stain: result.stain.as_ref().map(|fit| StainRecord {
            method: fit.method,
            made_like: fit.made_like.to_string(),
            patches: fit.patches,
            unchanged: fit.unchanged.len(),
        }),
        decision: None,
        repeats: folds.repeats,
        folds: folds.folds.len() / folds.repeats,
        best: result.folds[result.best_fold].rows.id,
        device: "cpu".to_owned(),
        threads: rayon::current_num_threads(),
    }
}

fn started_from(job: &Job, start_from: &StartingPoint, result: &RunResult) -> StartRecord {
    let config = &job.config;
    let network = |backbone: &PreparedBackbone| NetworkRecord {
        backbone: config.backbone.name,
        classifier: backbone.spec.classifier.to_owned(),
        precision: config.backbone.precision,
        cache_dtype: config.cache.dtype,
        weights: config.backbone.weights.clone(),
        tensors: config.backbone.tensor_choice(),
        weights_hash: backbone.weights_hash.clone(),
        seen_by_weights: result.seen_by_weights,
        normalise: config.backbone.normalise,
    };
    match start_from {
        StartingPoint::Network(backbone) => StartRecord::Network(network(backbone)),
        StartingPoint::Soup(soup) => StartRecord::Network(network(&soup.backbone)),
        StartingPoint::Embeddings(own) => StartRecord::Embeddings {
            embeddings: own.record().clone(),
        },
        StartingPoint::Members(members) => StartRecord::Ensemble {
            ensemble: members.record(),
        },
    }
}

/// What a run tells apart, and how it decides from its probabilities as they are before calibration.
///
/// # Errors
/// When `run.json` names a positive class that it does not list.
pub fn task_of(record: &RunRecord) -> Result<Task> {
    let choice = PositiveChoice {
        named: Some(&record.positive),
        written: "\"positive\": ",
    };
    let positive = positive_class(&record.classes, choice).context("run.json is damaged")?;
    let task = Task::new(record.classes.clone(), positive);
    let decision = record.decision.as_ref();
    Ok(Task {
        decision: decision.map_or(task.decision, |applied| applied.decision(positive)),
        ..task
    })
}

/// Says that the embedded weights know so many training and test patches already, and what to do.
pub(crate) fn seen([pool, test]: [usize; 2], network: &str, fix: &str) -> Option<String> {
    (pool + test > 0).then(|| {
        format!(
            "{pool} training and {test} test patches were used to train the embedded weights of \
             {network}: scores on them are too good. {fix}"
        )
    })
}

/// What to do about it.
pub(crate) const OTHER_BACKBONE: &str = "Use another '--backbone' to judge on this data.";

/// Says that the embedded weights know some of the patches already.
pub fn seen_warning(record: &RunRecord) -> Option<String> {
    match &record.start {
        StartRecord::Network(network) => seen(
            network.seen_by_weights,
            network.backbone.as_str(),
            OTHER_BACKBONE,
        ),
        StartRecord::Ensemble { ensemble } => {
            let knows = |counts: [usize; 2]| counts.iter().any(|count| *count > 0);
            let members = ensemble.members.iter();
            let known: Vec<_> = members
                .filter(|member| knows(member.seen_by_weights))
                .collect();
            let names = known.iter();
            let names: Vec<String> = names
                .map(|member| format!("{} ({})", member.name, member.start))
                .collect();
            let fix = if known.len() < ensemble.members.len() {
                "Leave it out: an ensemble that is chosen or fitted by them is no better than they are."
            } else {
                "Make all members with another '--backbone' to judge on this data."
            };
            seen(known.first()?.seen_by_weights, &names.join(", "), fix)
        }
        StartRecord::Embeddings { .. } => None,
    }
}
