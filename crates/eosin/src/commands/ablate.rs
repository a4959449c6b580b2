//! `eosin ablate`: one change at a time, on the same folds and seeds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::Config;
use eosin_core::config::{Symmetries, TrainMode};
use eosin_data::Folds;
use eosin_run::{Job, OtherFolds, Overwrite, Place};
use eosin_store::write_atomic;
use eosin_train::{PairedDifference, PatchGroups, Prediction, paired_difference};
use serde::Serialize;

use crate::args::{AblateArgs, JobArgs};
use crate::commands::run::{complete, default_out, open};
use crate::output::{note, say, say_json, say_table};
use crate::settings;
use crate::terminal::Terminal;

/// What the 2020 datathon's teams changed, as far as a run on cached embeddings can show it.
const USUAL: [&str; 6] = [
    "augment.symmetry=none",
    "backbone.normalise=dataset",
    "train.sampling=under",
    "train.sampling=over",
    "train.class_weights=balanced",
    "train.label_smoothing=0.1",
];
/// The same where there are epochs.
const USUAL_OF_EPOCHS: [&str; 2] = ["train.epochs=40", "train.learning_rate=0.003"];
/// And where heads are solved.
const USUAL_OF_PROBES: [&str; 1] = ["predict.views=none"];
/// File with all differences.
const FILE: &str = "ablation.json";
/// The base's run folder in that of the ablation.
const BASE: &str = "base";

/// What an ablation came to, as [`FILE`] holds it.
#[derive(Serialize)]
struct Ablation {
    /// The base's run folder.
    base: PathBuf,
    factors: Vec<Factor>,
}

/// One change and what came of it.
#[derive(Serialize)]
struct Factor {
    /// The settings, `key=value`.
    settings: Vec<String>,
    /// Its run folder.
    run: PathBuf,
    #[serde(flatten)]
    difference: PairedDifference,
}

/// Runs the base and every change, and prints the paired differences.
///
/// # Errors
/// When a run fails, a change is none, or it changes the folds.
pub fn run(args: &AblateArgs, json: bool) -> Result<ExitCode> {
    let out = args.out.clone().unwrap_or_else(|| default_out("ablations"));
    let changes = changes(&args.factor, &settings::resolve(&args.job)?)?;
    let terminal = Terminal::default();
    let base = open(&args.job, &terminal)?;
    let folds = base.split(&terminal)?;
    // Every change is checked before the first run begins.
    let jobs = changes.iter().map(|settings| {
        let config = settings::resolve(&with(&args.job, settings))?;
        let job = base.with_config(config, &terminal)?;
        refuse_other_folds(&base, &folds, &job, settings)?;
        Ok(job)
    });
    let jobs: Vec<Job> = jobs.collect::<Result<_>>()?;
    note("base");
    let first = complete(&place(args, &out, BASE), &base, &folds, &terminal)?;
    let mut factors = Vec::new();
    for (index, (settings, job)) in changes.iter().zip(&jobs).enumerate() {
        note(&settings.join(", "));
        let name = format!(
            "{}-{}",
            index + 1,
            settings.join(",").replace(['/', '\\'], "-")
        );
        let target = place(args, &out, &name);
        let finished = complete(&target, job, &folds, &terminal)?;
        let rows = [&first.result.predictions, &finished.result.predictions];
        factors.push(Factor {
            settings: settings.clone(),
            run: out.join(&name),
            difference: compare(&base, &folds, rows)?,
        });
    }
    let ablation = Ablation {
        base: out.join(BASE),
        factors,
    };
    let bytes = serde_json::to_vec_pretty(&ablation)?;
    write_atomic(out.join(FILE), &bytes)?;
    if json {
        say_json(&ablation)?;
    } else {
        print(&ablation.factors, &out);
    }
    Ok(ExitCode::SUCCESS)
}

/// The changes asked for, each a list of settings.
fn changes(asked: &[String], base: &Config) -> Result<Vec<Vec<String>>> {
    let asked: Vec<String> = if asked.is_empty() {
        let more: &[&str] = match base.train.mode {
            TrainMode::Probe => &USUAL_OF_PROBES,
            _ => &USUAL_OF_EPOCHS,
        };
        USUAL
            .iter()
            .chain(more)
            .filter(|change| is_possible(change, base))
            .map(|change| (*change).to_owned())
            .collect()
    } else {
        asked.to_vec()
    };
    let split = |change: &String| {
        let settings: Vec<String> = change
            .split(',')
            .map(|part| part.trim().to_owned())
            .collect();
        match settings.iter().find(|setting| !setting.contains('=')) {
            Some(wrong) => bail!("--factor {change}: '{wrong}' has no '='; write train.epochs=40"),
            None => Ok(settings),
        }
    };
    asked.iter().map(split).collect()
}

/// Whether a usual change can be made: without a network its input cannot be changed, and without
/// symmetries none can be left out.
fn is_possible(change: &str, base: &Config) -> bool {
    if base.backbone.embeddings.is_none() {
        return true;
    }
    let of_symmetries = ["augment.symmetry=none", "predict.views=none"].contains(&change);
    let has_symmetries = base.augment.symmetry != Symmetries::None;
    !change.starts_with("backbone.") && (has_symmetries || !of_symmetries)
}

/// The base's arguments with `settings` on top. A setting wins over a flag of the base.
fn with(base: &JobArgs, settings: &[String]) -> JobArgs {
    let mut job = base.clone();
    job.factor.extend(settings.iter().cloned());
    job
}

fn refuse_other_folds(base: &Job, folds: &Folds, job: &Job, settings: &[String]) -> Result<()> {
    let same = job.config.seed == base.config.seed
        && job.config.split == base.config.split
        && job.config.train.select == base.config.train.select
        && job.config.judge == base.config.judge
        && folds.validate(job.manifest()).is_ok();
    if same {
        return Ok(());
    }
    bail!(
        "--factor {} changes seed, folds, patches, the metric or how a run decides: runs on other folds \
         cannot be compared patch by patch, and decisions leave the scores that are compared as they are",
        settings.join(",")
    )
}

fn place(args: &AblateArgs, out: &Path, name: &str) -> Place {
    Place {
        out: out.join(name),
        overwrite: Overwrite::of_flag(args.overwrite),
        // Runs are compared with each other, on the same folds.
        other_folds: OtherFolds::Leave,
        command: std::env::args().collect(),
        ..Place::default()
    }
}

fn compare(
    base: &Job,
    folds: &Folds,
    [one, other]: [&Vec<Prediction>; 2],
) -> Result<PairedDifference> {
    let groups = PatchGroups::of_manifest(base.manifest(), folds);
    let seed = base.config.seed;
    paired_difference(one, other, &groups, base.select, &base.task, seed)
        .context("comparing with the base")
}

fn print(factors: &[Factor], out: &Path) {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:+.4}"));
    let plain = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
    let row = |factor: &Factor| {
        let d = &factor.difference;
        vec![
            factor.settings.join(", "),
            plain(d.variant),
            number(d.difference),
            format!("[{}, {}]", number(d.ci_low), number(d.ci_high)),
            d.verdict.to_string(),
        ]
    };
    let Some(first) = factors.first().map(|factor| &factor.difference) else {
        return;
    };
    let metric = first.metric.title();
    say(&format!("base: {metric} {}", plain(first.base)));
    let header = ["change", metric, "difference", "95 % interval", "verdict"];
    say_table(&header, factors.iter().map(row).collect());
    say(&format!(
        "out-of-fold, same folds and seeds; intervals by {}: {} resampled, both runs together (paired \
         bootstrap, BCa). Of {} intervals of 95 % about one in twenty misses by chance.",
        first.by,
        first.by.counted(first.groups as u64),
        factors.len()
    ));
    say(&format!("runs and {FILE} in {}", out.display()));
}
