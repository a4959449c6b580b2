//! The folder of a contest.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use eosin_store::{CheckedLog, read_checked_log, write_atomic};

use super::contender::hash;
use super::entry::{Entry, Submission, time};
use super::judged::JudgedOutOfFold;
use super::rules::SubmissionRules;

/// The log.
const LOG: &str = "submissions.jsonl";

/// What is known of a contest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Submissions {
    pub rules: SubmissionRules,
    pub made: Vec<Kept>,
}

/// A submission, and what came back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub submission: Submission,
    pub score: Option<f64>,
}

impl Submissions {
    fn of(entries: &[Entry]) -> Result<Self> {
        let mut all = Self::default();
        for entry in entries {
            match entry {
                Entry::Rules(rules) => all.rules = rules.clone(),
                Entry::Made(submission) => all.made.push(Kept {
                    submission: (**submission).clone(),
                    score: None,
                }),
                Entry::Returned(returned) => {
                    let made = all.made.iter_mut();
                    let mut made = made.filter(|one| one.submission.number == returned.number);
                    let number = returned.number;
                    let kept = made.next();
                    kept.with_context(|| {
                        format!("a score of submission {number}, which was not made")
                    })?
                    .score = Some(returned.score);
                }
            }
        }
        Ok(all)
    }

    /// When each was made.
    pub fn times(&self) -> Result<Vec<SystemTime>> {
        let made = self.made.iter();
        made.map(|one| time(&one.submission.made)).collect()
    }

    /// Scores that have come back.
    pub fn scored(&self) -> usize {
        self.made.iter().filter(|one| one.score.is_some()).count()
    }
}

/// The folder of a contest.
#[derive(Clone, Debug)]
pub(super) struct ContestFolder {
    dir: PathBuf,
}

impl ContestFolder {
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// What is known; nothing where the folder is not there.
    ///
    /// # Errors
    /// When the log is damaged.
    pub fn read(&self) -> Result<Submissions> {
        let entries: Vec<Entry> = read_checked_log(&self.dir.join(LOG))?;
        Submissions::of(&entries).with_context(|| format!("{} is damaged", self.shown()))
    }

    /// The same for this process alone, which makes the folder where there is none.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when it cannot be made.
    pub fn hold(&self) -> Result<HeldContest> {
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot make {}", self.dir.display()))?;
        let log = CheckedLog::hold(&self.dir.join(LOG))?;
        Ok(HeldContest {
            known: Submissions::of(log.values())
                .with_context(|| format!("{} is damaged", self.shown()))?,
            log,
        })
    }

    /// As above, of a folder that must be there.
    ///
    /// # Errors
    /// When there is none.
    pub fn hold_existing(&self) -> Result<HeldContest> {
        if !self.dir.join(LOG).is_file() {
            bail!(
                "{} holds no submissions; name the folder that 'eosin submit make --ledger' was given",
                self.dir.display()
            );
        }
        self.hold()
    }

    /// Where the lines of a submission are.
    pub fn lines(&self, number: usize) -> PathBuf {
        self.dir.join(format!("{number}.txt"))
    }

    /// Keeps what a submission is made of, before the log names it.
    ///
    /// # Errors
    /// When other lines are there under its number, or a file cannot be written.
    pub fn keep(&self, number: usize, lines: &str, judged: &[u8]) -> Result<()> {
        let path = self.lines(number);
        // Equal lines are those of a process that was killed before the log named them.
        if path.exists() && std::fs::read(&path).ok().as_deref() != Some(lines.as_bytes()) {
            bail!(
                "{} has the lines of a submission that {} does not know: lines of the log are lost, and \
                 with them the quota and the scores; restore the log, or, if nothing was submitted, move \
                 the file away",
                path.display(),
                self.dir.join(LOG).display()
            );
        }
        write_atomic(self.lines(number), lines.as_bytes())?;
        Ok(write_atomic(self.judged_path(number), judged)?)
    }

    /// What a submission's model decided out of fold.
    ///
    /// # Errors
    /// When the file is gone, or not what was kept.
    pub fn judged(&self, submission: &Submission) -> Result<JudgedOutOfFold> {
        let path = self.judged_path(submission.number);
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if hash(&bytes) != submission.judged_blake3 {
            bail!(
                "{} is not what was kept of submission {} (BLAKE3 {}, and it was {}); restore it",
                path.display(),
                submission.number,
                hash(&bytes),
                submission.judged_blake3
            );
        }
        JudgedOutOfFold::from_csv(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    fn judged_path(&self, number: usize) -> PathBuf {
        self.dir.join(format!("{number}.judged.csv"))
    }

    fn shown(&self) -> String {
        self.dir.join(LOG).display().to_string()
    }
}

/// The folder of a contest, while nobody else may write to it.
pub(super) struct HeldContest {
    pub known: Submissions,
    log: CheckedLog<Entry>,
}

impl HeldContest {
    /// Writes a fact down.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is.
    pub fn append(&mut self, entry: Entry) -> Result<()> {
        Ok(self.log.append(entry)?)
    }
}
