//! What was done, in sentences, from what a finished run says of itself.

use anyhow::Result;
use eosin_core::Config;
use eosin_core::config::{ClassWeights, GroupBy, Sampling, Symmetries, TrainMode, Weights};
use eosin_data::Folds;
use eosin_report::{Check, Study};
use eosin_store::{NetworkRecord, RunFolder, RunRecord, StartRecord, names};
use serde::Deserialize;

/// What was done in a finished run; `selection` says how epochs, strengths and folds were chosen.
///
/// # Errors
/// When a file is damaged.
pub(crate) fn study(
    folder: &RunFolder,
    record: &RunRecord,
    config: &Config,
    folds: &Folds,
    selection: String,
) -> Result<Study> {
    Ok(Study {
        model: model(record, config),
        initial_weights: initial_weights(record),
        training: training(record, config),
        preprocessing: preprocessing(record, config),
        augmentation: augmentation(config),
        imbalance: imbalance(config),
        partition: partition(record, folds),
        kept_together: (folds.group != GroupBy::None).then(|| folds.group.to_string()),
        selection,
        combination: combination(record),
        checks: checks(folder)?,
        left_out: Some(left_out(folder)?),
        mpp: config.data.mpp.map(|mpp| mpp.to_string()),
        software: format!(
            "eosin {} on {}, {} threads; seed {}.",
            record.eosin_version, record.device, record.threads, record.seed
        ),
        input: input(record),
        run: folder.dir().display().to_string(),
    })
}

fn model(record: &RunRecord, config: &Config) -> String {
    let head = record.head;
    match &record.start {
        StartRecord::Network(network) => {
            let name = network.backbone;
            match config.train.mode {
                TrainMode::Probe => {
                    format!("{name}, frozen, and a {head} head that is solved on its embeddings.")
                }
                TrainMode::Head => {
                    format!("{name}, frozen, and a {head} head trained on its embeddings.")
                }
                TrainMode::LastBlock => {
                    format!("{name}, of which the last stage and the last layer are trained.")
                }
                TrainMode::LastN => format!(
                    "{name}, of which the last {} stages and the last layer are trained.",
                    config.train.stages
                ),
                TrainMode::Full | TrainMode::HeadThenFull => format!("{name}, trained as a whole."),
            }
        }
        StartRecord::Embeddings { embeddings } => format!(
            "A {head} head on embeddings that were made elsewhere ({} view(s) of {} values of each patch).",
            embeddings.views, embeddings.width
        ),
        StartRecord::Ensemble { ensemble } => {
            let members = ensemble.members.iter();
            let members: Vec<String> = members
                .map(|member| format!("{} ({})", member.name, member.start))
                .collect();
            format!(
                "An ensemble by {} of {} runs: {}.",
                ensemble.method,
                members.len(),
                members.join(", ")
            )
        }
    }
}

fn initial_weights(record: &RunRecord) -> String {
    let of = |network: &NetworkRecord| {
        let from = match &network.weights {
            Weights::Random => "drawn at random from the seed".to_owned(),
            weights => format!("taken from {weights}"),
        };
        format!(
            "Weights of the network: {from} (BLAKE3 {}).",
            network.weights_hash
        )
    };
    match &record.start {
        StartRecord::Network(network) => of(network),
        StartRecord::Embeddings { embeddings } => format!(
            "Embeddings from {} (BLAKE3 {}).",
            embeddings.file.display(),
            embeddings.hash()
        ),
        StartRecord::Ensemble { .. } => {
            "Each member's own, told in its run; hashes of the members are under reproducibility."
                .to_owned()
        }
    }
}

fn training(record: &RunRecord, config: &Config) -> String {
    let train = &config.train;
    match (train.mode, &record.start) {
        (_, StartRecord::Ensemble { .. }) => {
            "Members were trained in their own runs; what combines them is fitted on the other folds.".to_owned()
        }
        (TrainMode::Probe, _) => {
            "Heads of all folds are solved to the optimum of their penalised loss, over all cached views.".to_owned()
        }
        _ => format!(
            "{} epochs of batches of {}, {} at {} ({} schedule), weight decay {}, loss {}.",
            train.epochs,
            train.batch_size,
            train.optimiser,
            train.learning_rate,
            train.schedule,
            train.weight_decay,
            train.loss
        ),
    }
}

fn preprocessing(record: &RunRecord, config: &Config) -> String {
    let Some(network) = record.network() else {
        return match &record.start {
            StartRecord::Ensemble { .. } => {
                "Each member prepares patches as its own run says.".to_owned()
            }
            _ => "None: embeddings were made elsewhere.".to_owned(),
        };
    };
    let stain = match &record.stain {
        Some(stain) => format!("stain by {}, made like {}", stain.method, stain.made_like),
        None => "stain as it is".to_owned(),
    };
    let resized = match config.data.size_px {
        Some(_) => format!(
            "resized to {0} x {0} px ({1})",
            record.size_px(),
            config.data.resize
        ),
        None => format!("taken at their own {0} x {0} px", record.size_px()),
    };
    format!(
        "Patches are decoded to RGB, {resized}, {stain}, and scaled by {} statistics.",
        network.normalise
    )
}

fn augmentation(config: &Config) -> String {
    let augment = &config.augment;
    let symmetry = match augment.symmetry {
        Symmetries::None => "as they are".to_owned(),
        symmetry => format!("under the symmetries {symmetry}"),
    };
    let rest = if augment.views > 0 {
        format!(" and {} views changed at random ([augment])", augment.views)
    } else {
        String::new()
    };
    format!("Training patches are seen {symmetry}{rest}.")
}

fn imbalance(config: &Config) -> String {
    let sampling = match config.train.sampling {
        Sampling::None => "every patch counts once".to_owned(),
        sampling => format!("sampling {sampling}"),
    };
    let weights = match config.train.class_weights {
        ClassWeights::None => "no class weights".to_owned(),
        weights => format!("class weights {weights}"),
    };
    format!("Classes of unequal size: {sampling}, {weights}.")
}

fn partition(record: &RunRecord, folds: &Folds) -> String {
    let drawn = if folds.method.is_drawn() {
        ", drawn by class from the seed"
    } else {
        ""
    };
    let times = if record.repeats > 1 {
        format!(" {} times", record.repeats)
    } else {
        String::new()
    };
    let group = match folds.group {
        GroupBy::None => "nothing is kept together".to_owned(),
        group => format!("every {group} kept together"),
    };
    let count = match record.folds {
        1 => "1 fold".to_owned(),
        count => format!("{count} folds"),
    };
    format!(
        "Divided by {}, {count}{times}{drawn}, {group}.",
        folds.method
    )
}

fn combination(record: &RunRecord) -> String {
    let views = match record.view_count() {
        0 | 1 => String::new(),
        views => format!(" over {views} views of a patch"),
    };
    let folds = record.folds * record.repeats;
    let all = if folds > 1 {
        format!("New and test patches are judged by the mean of the logits of {folds} folds{views}")
    } else {
        format!("New and test patches are judged by the one model that was trained{views}")
    };
    let members = record.ensemble().map(|ensemble| {
        format!(
            ", each of which combines {} members by {}",
            ensemble.members.len(),
            ensemble.method
        )
    });
    format!("{all}{}.", members.unwrap_or_default())
}

fn input(record: &RunRecord) -> String {
    match &record.start {
        StartRecord::Network(_) => format!(
            "The model takes square RGB patches, seen at {0} x {0} px.",
            record.size_px()
        ),
        StartRecord::Embeddings { .. } => {
            "The model takes embeddings, made as those of training were.".to_owned()
        }
        StartRecord::Ensemble { .. } => "The model takes patches as its members do.".to_owned(),
    }
}

/// A line of `doctor.json`.
#[derive(Deserialize)]
struct Checked {
    check: String,
    problem: Option<String>,
}

fn checks(folder: &RunFolder) -> Result<Vec<Check>> {
    if !folder.has(names::DOCTOR) {
        return Ok(Vec::new());
    }
    let checked: Vec<Checked> = folder.read_json(names::DOCTOR)?;
    let check = |one: Checked| Check {
        name: one.check,
        problem: one.problem,
    };
    Ok(checked.into_iter().map(check).collect())
}

fn left_out(folder: &RunFolder) -> Result<u64> {
    if !folder.has(names::SKIPPED) {
        return Ok(0);
    }
    let text = folder.read_text(names::SKIPPED)?;
    Ok(text.lines().filter(|line| !line.is_empty()).count() as u64)
}
