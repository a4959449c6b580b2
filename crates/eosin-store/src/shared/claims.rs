//! Units of work, each taken by one process at a time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::SharedError;
use super::heart::Heart;
use super::view::View;
use super::worker::{Life, Worker};
use crate::error::FileError;

/// Folder of claims within that of the work.
const CLAIMS: &str = "claims";
/// Folder of heartbeats.
const BEATS: &str = "beats";
/// Heartbeats in the time after which a process that is not heard of counts as dead.
const BEATS_IN_GRACE: u32 = 6;

/// A unit that this process has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The unit.
    pub unit: String,
    /// 1 for the first claim of the unit; one more each time that it was taken over from the dead.
    pub number: u32,
}

/// Takes units of work in a folder.
#[derive(Debug)]
pub struct Claims {
    dir: PathBuf,
    me: Worker,
    grace: Duration,
    view: Box<dyn View>,
    /// What was last heard of processes elsewhere, and since when it is so.
    heard: Mutex<BTreeMap<PathBuf, Heard>>,
    /// Beats until this is dropped.
    _heart: Heart,
}

#[derive(Debug)]
struct Heard {
    beat: Option<Vec<u8>>,
    since: Instant,
}

impl Claims {
    /// Begins to work in `dir`, under the name of `me`, which no other may have. Processes on other
    /// machines count as dead when nothing was heard of them for `grace`.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn open(
        dir: &Path,
        me: Worker,
        grace: Duration,
        view: impl View + 'static,
    ) -> Result<Self, SharedError> {
        let claims = dir.join(CLAIMS);
        fs::create_dir_all(&claims).map_err(FileError::on("make", &claims))?;
        let beat = dir.join(BEATS).join(&me.name);
        let heart = Heart::start(&beat, grace / BEATS_IN_GRACE);
        Ok(Self {
            dir: dir.to_owned(),
            _heart: heart.map_err(FileError::on("write", &beat))?,
            me,
            grace,
            view: Box::new(view),
            heard: Mutex::default(),
        })
    }

    /// Who this process is.
    pub const fn me(&self) -> &Worker {
        &self.me
    }

    /// Takes a unit that nobody has, or whose holder is dead; `None` while somebody lives who has it,
    /// this process among them. Of several who try at once one gets it.
    ///
    /// # Errors
    /// When the name is no plain one, or the folder cannot be used.
    pub fn claim(&self, unit: &str) -> Result<Option<Claim>, SharedError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if unit.is_empty() || !unit.bytes().all(plain) {
            return Err(SharedError::Name(unit.to_owned()));
        }
        let mut number = 0;
        let mut last = None;
        while let Some(bytes) = self.read(&self.path(unit, number + 1))? {
            number += 1;
            last = Some(bytes);
        }
        if let Some(bytes) = last
            && !self.is_abandoned(&self.path(unit, number), &bytes)?
        {
            return Ok(None);
        }
        let path = self.path(unit, number + 1);
        let text = serde_json::to_vec(&self.me).map_err(|error| SharedError::NoJson {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        let made = self.view.create(&path, &text);
        let made = made.map_err(FileError::on("write", &path))?;
        Ok(made.then(|| Claim {
            unit: unit.to_owned(),
            number: number + 1,
        }))
    }

    /// Whether who made a claim is dead. A claim that says of nobody, as is left where files cannot
    /// be made whole, is watched itself.
    fn is_abandoned(&self, path: &Path, bytes: &[u8]) -> Result<bool, SharedError> {
        let Ok(holder) = serde_json::from_slice::<Worker>(bytes) else {
            return Ok(self.is_silent(path, Some(bytes.to_vec())));
        };
        if holder.name == self.me.name {
            return Ok(false);
        }
        match self.me.life_of(&holder) {
            Life::Alive => Ok(false),
            Life::Dead => Ok(true),
            Life::Elsewhere => {
                let beat = self.dir.join(BEATS).join(&holder.name);
                let now = self.read(&beat)?;
                Ok(self.is_silent(&beat, now))
            }
        }
    }

    /// Whether a file has been the same for as long as the grace, by this process's own clock.
    fn is_silent(&self, path: &Path, now: Option<Vec<u8>>) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match heard.get(path) {
            Some(before) if before.beat == now => before.since.elapsed() >= self.grace,
            _ => {
                let since = Instant::now();
                heard.insert(path.to_owned(), Heard { beat: now, since });
                false
            }
        }
    }

    fn path(&self, unit: &str, number: u32) -> PathBuf {
        self.dir.join(CLAIMS).join(format!("{unit}.{number}"))
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, SharedError> {
        let read = self.view.read_from(path, 0);
        Ok(read.map_err(FileError::on("read", path))?)
    }
}
