//! How a run does on its patches when they are stained, blurred, compressed, lit or scaled otherwise.

mod measure;
mod record;
mod report;
mod sample;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::{Seed, Unwatched};
use eosin_data::{Folds, Patches};
use eosin_store::{Existing, RunFolder, names};
use eosin_train::{PatchGroups, Predictor, UseFolds, held_predictions};

use self::measure::Measuring;
pub use self::record::{Begins, MetricShift, RobustnessRecord, ShiftRecord, WorstShift};
pub(crate) use self::report::robustness_report;
use self::sample::Sample;
use crate::create::{begun_with, weight_store};
use crate::job::Job;
use crate::look::find_patches;
use crate::record::task_of;
use crate::settings::config_of_run;

/// What is measured.
#[derive(Clone, Debug)]
pub struct RobustnessArgs {
    /// The run.
    pub run: PathBuf,
    /// Where its patches are, if not where they were.
    pub data: Option<PathBuf>,
    /// Patches at most.
    pub patches: usize,
    /// What chooses them and resamples them; `None`: the run's.
    pub seed: Option<Seed>,
}

/// What was measured, and what became of the report.
#[derive(Clone, Debug)]
pub struct Robustness {
    /// What `robustness.json` holds.
    pub record: RobustnessRecord,
    /// Why the report was not made anew, if it was not.
    pub not_reported: Option<String>,
}

/// Hears of shifts done and in all, and may end the work.
pub type ShiftProgress<'a> = dyn FnMut(usize, usize) -> Result<()> + 'a;

/// Judges some patches of a run as they are and under every standard shift, on its test part, or where it has
/// none each by the fold that did not see it; writes `robustness.json` and the report anew.
///
/// # Errors
/// When the run is not finished, starts from embeddings, or its weights or patches are gone or are others;
/// when the file cannot be written, or `progress` ends the work.
pub fn robustness(args: &RobustnessArgs, progress: &mut ShiftProgress<'_>) -> Result<Robustness> {
    RunFolder::open(&args.run)?;
    let folder = RunFolder::create(&args.run, Existing::Resume)?;
    let run = folder.record()?;
    if let Some(own) = run.embeddings() {
        bail!(
            "the run in {} starts from embeddings ({}), and there is no network to show other patches to: \
             make a run with a '--backbone' on the same patches to measure robustness",
            args.run.display(),
            own.file.display()
        );
    }
    if args.patches == 0 {
        bail!("--patches 0 leaves nothing to measure; name a number above 0");
    }
    let config = config_of_run(&folder)?;
    let data = match &args.data {
        Some(data) => data.clone(),
        None => begun_with(&folder)?.data,
    };
    let manifest = find_patches(&data, &config, &Unwatched).with_context(|| {
        let place = data.display();
        format!(
            "the patches of the run cannot be found in {place}; say where they are with '--data'"
        )
    })?;
    let task = task_of(&run)?;
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let seed = args.seed.unwrap_or(config.seed);
    let held = held_predictions(&folder, &run)?;
    let fold_ids: Vec<_> = run.fold_ids().collect();
    let sample = Sample::of(&held, &fold_ids, args.patches, seed)?;
    let predictor = Predictor::load(&folder, &weight_store(&folder)?, UseFolds::Average)?;
    let images = sample.read(&manifest, &data)?;
    let measuring = Measuring {
        predictor: &predictor,
        sample: &sample,
        images: &images,
        task: &task,
        groups: &PatchGroups::of_run(&folder, &run, folds.group)?,
        select: config.train.select.parse()?,
        seed,
    };
    let mut record = measuring.measure(progress)?;
    record.mpp = config.data.mpp;
    folder.write_json(names::ROBUSTNESS, &record)?;
    let reported = report_anew(&folder, &data);
    Ok(Robustness {
        record,
        not_reported: reported.err().map(|error| format!("{error:#}")),
    })
}

/// Writes the report of a finished run anew.
fn report_anew(folder: &RunFolder, data: &Path) -> Result<()> {
    let hub = begun_with(folder)?.hub;
    let job = Job::open(config_of_run(folder)?, data, &hub, &Unwatched)?;
    let patches: &Patches = &job.patches;
    crate::report::write(folder, patches, data)
}
