//! The study's folder, as one process works in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use eosin_core::{Seed, Stream};
use eosin_data::Folds;
use eosin_search::Assignment;
use eosin_store::names;
use eosin_store::shared::{Claim, Claims, DirectView, OwnLog, SharedLog, View as _, Worker};

use super::keys::differing;
use super::record::{FILE, StudyRecord, TrialEvent};
use super::seen::{Seen, Try};
use super::trials::{Begun, Ended, Trials};

/// A study that this process takes part in.
pub(super) struct Study {
    pub record: StudyRecord,
    pub dir: PathBuf,
    pub trials: Trials,
    claims: Claims,
    own: OwnLog,
    all: SharedLog<TrialEvent>,
}

/// A trial that this process has taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub made: Try,
    pub assignment: Assignment,
}

/// A study that is only looked at.
pub(super) struct Looked {
    pub record: StudyRecord,
    pub trials: Trials,
}

/// Reads what a study says of itself; `None` when there is none.
pub(super) fn read_record(dir: &Path) -> Result<Option<StudyRecord>> {
    let path = dir.join(FILE);
    let bytes = DirectView.read_from(&path, 0);
    let Some(bytes) = bytes.with_context(|| format!("cannot read {}", path.display()))? else {
        return Ok(None);
    };
    let format = serde_json::from_slice::<serde_json::Value>(&bytes);
    let format = format.ok().and_then(|value| value.get("format")?.as_u64());
    if let Some(format) = format
        && format != u64::from(StudyRecord::FORMAT)
    {
        bail!(
            "the study in {} has format {format}; this eosin reads {}: name another '--study'",
            dir.display(),
            StudyRecord::FORMAT
        );
    }
    let record = serde_json::from_slice(&bytes);
    record
        .map(Some)
        .with_context(|| format!("{} is damaged", path.display()))
}

/// Reads a study without taking part in it.
///
/// # Errors
/// When there is none, or a line is damaged.
pub(super) fn look(dir: &Path) -> Result<Looked> {
    let Some(record) = read_record(dir)? else {
        bail!(
            "{} is no study: it has no {FILE}; give the folder that '--study' named",
            dir.display()
        );
    };
    let mut trials = Trials::default();
    trials.extend(SharedLog::new(dir, DirectView).refresh()?);
    Ok(Looked { record, trials })
}

impl Study {
    /// Makes the study that `wanted` describes, or joins the one that is there, which must be the same
    /// but for when and how it was begun.
    pub fn join(dir: &Path, wanted: &StudyRecord, folds: &Folds, grace: Duration) -> Result<Self> {
        refuse_foreign(dir)?;
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let path = dir.join(FILE);
        let text = serde_json::to_vec_pretty(wanted)?;
        let made = DirectView.create(&path, &text);
        made.with_context(|| format!("cannot write {}", path.display()))?;
        let Some(record) = read_record(dir)? else {
            bail!("{} is gone", path.display());
        };
        refuse_other(dir, &record, wanted)?;
        refuse_other_folds(dir, folds)?;
        let me = Worker::new();
        let mut study = Self {
            own: OwnLog::new(dir, &me),
            claims: Claims::open(dir, me, grace, DirectView)?,
            all: SharedLog::new(dir, DirectView),
            trials: Trials::default(),
            dir: dir.to_owned(),
            record,
        };
        study.refresh()?;
        Ok(study)
    }

    /// Takes in what others have written since the last time.
    pub fn refresh(&mut self) -> Result<()> {
        self.trials.extend(self.all.refresh()?);
        Ok(())
    }

    /// The next trial that is to be done of the first `count`: one that nobody has, or whose process is
    /// dead; `None` where all others are in somebody's hands.
    pub fn take(&mut self, count: u64) -> Result<Option<Taken>> {
        for trial in 0..count {
            if self.trials.has_ended(trial) {
                continue;
            }
            let Some(Claim { number, .. }) = self.claims.claim(&trial.to_string())? else {
                continue;
            };
            // Who died may have ended it before.
            self.refresh()?;
            if self.trials.has_ended(trial) {
                continue;
            }
            let made = Try {
                trial,
                claim: number,
            };
            return self.begin(made).map(Some);
        }
        Ok(None)
    }

    /// Finds the values of a trial and writes them down: those that a dead process had begun with, else
    /// new ones.
    fn begin(&mut self, made: Try) -> Result<Taken> {
        let known = self.trials.begun(made.trial).cloned();
        let Begun { seen, assignment } = match known {
            Some(begun) => begun,
            None => self.suggest(made.trial)?,
        };
        self.write(&TrialEvent::Begun {
            trial: made.trial,
            claim: made.claim,
            seen,
            assignment: assignment.clone(),
        })?;
        Ok(Taken { made, assignment })
    }

    /// New values, and what they follow from.
    fn suggest(&self, trial: u64) -> Result<Begun> {
        let seen = self.trials.seen(trial);
        let assignment = suggest(&self.record, &self.trials, &seen, trial)?;
        Ok(Begun { seen, assignment })
    }

    /// Writes down what came of a trial.
    pub fn end(&mut self, taken: &Taken, ended: Ended) -> Result<()> {
        let Ended { outcome, secs } = ended;
        self.write(&TrialEvent::Ended {
            trial: taken.made.trial,
            claim: taken.made.claim,
            secs,
            outcome,
        })
    }

    /// Makes what was written survive a power cut.
    pub fn sync(&self) -> Result<()> {
        Ok(self.own.sync()?)
    }

    /// Writes a line that all others see.
    pub fn write(&mut self, event: &TrialEvent) -> Result<()> {
        self.own.append(event)?;
        self.refresh()
    }
}

/// The values of a trial that follow from the tries seen.
pub(super) fn suggest(
    record: &StudyRecord,
    trials: &Trials,
    seen: &Seen,
    trial: u64,
) -> Result<Assignment> {
    let history = trials.history(record.goal, seen)?;
    let seed: Seed = record.base.seed;
    let mut rng = seed.stream(Stream::Trial, &[trial]);
    Ok(record
        .method
        .suggest(&record.space, &history, trial, &mut rng)?)
}

/// A folder that holds something else is not made a study of.
fn refuse_foreign(dir: &Path) -> Result<()> {
    if dir.join(FILE).exists() || !dir.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let ours = ["claims", "beats", "found", names::FOLDS];
    let foreign = entries.find_map(|entry| {
        let name = entry.ok()?.file_name().to_string_lossy().into_owned();
        let known = ours.contains(&name.as_str()) || name.starts_with('.');
        (!known).then_some(name)
    });
    match foreign {
        Some(name) => bail!(
            "{} holds '{name}' and no study; name a new folder with '--study'",
            dir.display()
        ),
        None => Ok(()),
    }
}

/// What is asked of a study that is there must be what it was made for.
fn refuse_other(dir: &Path, study: &StudyRecord, wanted: &StudyRecord) -> Result<()> {
    let dir = dir.display();
    if study.manifest_hash != wanted.manifest_hash || study.patches_hash != wanted.patches_hash {
        bail!(
            "the study in {dir} was made on other patches, those in {} (keys, labels, groups or \
             pictures differ): name another '--study'",
            study.data.display()
        );
    }
    if let Some(first) = differing(&study.base, &wanted.base).first() {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        bail!(
            "the study in {dir} has {} = {}, and {} was asked for: leave that out, or name another \
             '--study'",
            first.key,
            shown(&first.one),
            shown(&first.other)
        );
    }
    let asked = [
        ("space", study.space != wanted.space),
        ("--method", study.method != wanted.method),
        ("--prune", study.prune != wanted.prune),
        ("--outer", study.outer != wanted.outer),
    ];
    match asked.iter().find(|(_, differs)| *differs) {
        Some((what, _)) => bail!(
            "the study in {dir} has another {what}: leave it out to go on as before, or name another \
             '--study'"
        ),
        None => Ok(()),
    }
}

/// The folds are drawn anew by each process, and must come out the same.
fn refuse_other_folds(dir: &Path, folds: &Folds) -> Result<()> {
    let path = dir.join(names::FOLDS);
    let text = folds.to_json()?;
    let made = DirectView.create(&path, text.as_bytes());
    made.with_context(|| format!("cannot write {}", path.display()))?;
    let there = DirectView.read_from(&path, 0);
    let there = there.with_context(|| format!("cannot read {}", path.display()))?;
    if there.as_deref() != Some(text.as_bytes()) {
        bail!(
            "the study in {} has other folds than are drawn now: name another '--study'",
            dir.display()
        );
    }
    Ok(())
}

/// Now, as the record has it.
pub(super) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
