//! What the cache holds, and whether it is whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::CacheError;
use super::folder::{Cache, LAST_USED, RECIPE, RECORDS};
use super::lock::{self, Held};
use super::open::read_layout;
use super::recipe::Recipe;
use super::scan;
use crate::error::FileError;

/// One entry of the cache.
#[derive(Clone, Debug, serde::Serialize)]
pub struct EntryInfo {
    /// The recipe's hash, which is the folder's name.
    pub id: String,
    /// The recipe; `None` when `recipe.json` is missing or damaged.
    pub recipe: Option<Recipe>,
    /// Whole records; `None` when the file's header cannot be read.
    pub records: Option<usize>,
    /// Bytes of all files of the entry.
    pub bytes: u64,
    /// When the entry was last opened.
    pub last_used: SystemTime,
    /// Why the entry cannot be used, when it cannot.
    pub problem: Option<String>,
}

/// What the check of one entry found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct VerifyReport {
    /// The recipe's hash, which is the folder's name.
    pub id: String,
    /// The entry's folder.
    pub dir: PathBuf,
    /// Records whose checksum is right.
    pub good: usize,
    /// Records whose checksum is wrong; they are computed again when next needed.
    pub damaged: usize,
    /// Bytes of a record that was not written to its end; the next writer removes them.
    pub partial_bytes: usize,
    /// Why the entry cannot be used, when it cannot.
    pub problem: Option<String>,
}

impl VerifyReport {
    /// Whether every byte is as it was written.
    pub fn is_whole(&self) -> bool {
        self.damaged == 0 && self.partial_bytes == 0 && self.problem.is_none()
    }
}

impl Cache {
    /// Every entry, the most recently used first.
    ///
    /// # Errors
    /// When the folder cannot be read. An entry that cannot be read is listed with its problem.
    pub fn list(&self) -> Result<Vec<EntryInfo>, CacheError> {
        let _held = self.lock()?;
        self.survey()
    }

    /// As [`Cache::list`], for who holds the cache's lock.
    pub(super) fn survey(&self) -> Result<Vec<EntryInfo>, CacheError> {
        let mut entries = Vec::new();
        for id in self.ids()? {
            entries.push(info(&self.dir.join(&id), id)?);
        }
        entries.sort_by(|a, b| (b.last_used, &a.id).cmp(&(a.last_used, &b.id)));
        Ok(entries)
    }

    /// Checks every record of every entry.
    ///
    /// # Errors
    /// When a file cannot be read. Damage is no error but in the reports.
    pub fn verify(&self) -> Result<Vec<VerifyReport>, CacheError> {
        let pinned: Vec<(String, Held)> = {
            let _held = self.lock()?;
            let pin = |id: String| {
                let in_use = lock::shared(&self.dir.join(&id).join(lock::USE))?;
                Ok((id, in_use))
            };
            self.ids()?
                .into_iter()
                .map(pin)
                .collect::<Result<_, FileError>>()?
        };
        pinned
            .iter()
            .map(|(id, _in_use)| verify_entry(&self.dir.join(id), id))
            .collect()
    }

    /// Names of the entries' folders, sorted. Anything else in the folder is left alone.
    fn ids(&self) -> Result<Vec<String>, FileError> {
        let is_id = |name: &str| {
            name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(FileError::on("list", &self.dir))? {
            let entry = entry.map_err(FileError::on("list", &self.dir))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_id(&name) && entry.path().is_dir() {
                ids.push(name);
            }
        }
        ids.sort();
        Ok(ids)
    }
}

fn info(dir: &Path, id: String) -> Result<EntryInfo, CacheError> {
    let recipe = read_recipe(dir, &id);
    let counted = open_and_count(dir, &id);
    let problem = match (&counted, &recipe) {
        (Err(error), _) => Some(error.to_string()),
        (Ok(_), None) => Some(format!(
            "{} is missing or damaged",
            dir.join(RECIPE).display()
        )),
        (Ok(_), Some(_)) => None,
    };
    Ok(EntryInfo {
        recipe,
        records: counted.ok(),
        bytes: bytes_in(dir)?,
        last_used: last_used(dir)?,
        problem,
        id,
    })
}

/// The recipe in `dir`, when it can be read and is the one that the folder is named after.
fn read_recipe(dir: &Path, id: &str) -> Option<Recipe> {
    let text = fs::read(dir.join(RECIPE)).ok()?;
    let recipe: Recipe = serde_json::from_slice(&text).ok()?;
    (recipe.id() == id).then_some(recipe)
}

fn open_and_count(dir: &Path, id: &str) -> Result<usize, CacheError> {
    let path = dir.join(RECORDS);
    let file = File::open(&path).map_err(FileError::on("open", &path))?;
    let layout = read_layout(&file, &path, id)?;
    Ok(scan::count(&file, &path, &layout)?.0)
}

fn bytes_in(dir: &Path) -> Result<u64, FileError> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir).map_err(FileError::on("list", dir))? {
        let entry = entry.map_err(FileError::on("list", dir))?;
        bytes += entry.metadata().map_or(0, |metadata| metadata.len());
    }
    Ok(bytes)
}

/// When the entry was opened; an entry that was never opened to its end counts from its making.
fn last_used(dir: &Path) -> Result<SystemTime, FileError> {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    modified(&dir.join(LAST_USED))
        .or_else(|_| modified(dir))
        .map_err(FileError::on("inspect", dir))
}

fn verify_entry(dir: &Path, id: &str) -> Result<VerifyReport, CacheError> {
    let mut report = VerifyReport {
        id: id.to_owned(),
        dir: dir.to_owned(),
        good: 0,
        damaged: 0,
        partial_bytes: 0,
        problem: None,
    };
    let path = dir.join(RECORDS);
    let _writing = lock::shared(&dir.join(lock::WRITE))?;
    let file = File::open(&path).map_err(FileError::on("open", &path))?;
    let layout = match read_layout(&file, &path, id) {
        Ok(layout) => layout,
        Err(CacheError::Header { problem, .. }) => {
            report.problem = Some(problem);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let (records, partial_bytes) = scan::count(&file, &path, &layout)?;
    let slots: Vec<usize> = (0..records).collect();
    let checked = scan::check(&file, &path, &layout, &slots)?;
    report.partial_bytes = partial_bytes;
    report.good = checked.iter().filter(|record| record.good).count();
    report.damaged = records - report.good;
    Ok(report)
}
