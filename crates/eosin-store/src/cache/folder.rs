//! The folder of the cache, and opening the entry of a recipe.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::entry::Entry;
use super::error::CacheError;
use super::format::{HEADER_BYTES, Layout};
use super::lock::{self, Held};
use super::recipe::Recipe;
use crate::atomic::{sweep_temps, write_atomic};
use crate::error::FileError;

/// The recipe of an entry, as JSON.
pub(super) const RECIPE: &str = "recipe.json";
/// The embeddings of an entry.
pub(super) const RECORDS: &str = "records.bin";
/// Its modification time is when the entry was last opened.
pub(super) const LAST_USED: &str = "last-used";

/// A folder of embeddings, shared between runs and processes.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(super) dir: PathBuf,
    pub(super) max_bytes: u64,
}

/// Where the cache is unless the configuration says otherwise: `EOSIN_CACHE`, else
/// `XDG_CACHE_HOME/eosin`, else `~/.cache/eosin`.
///
/// # Errors
/// When none of these variables is set.
pub fn default_cache_dir() -> Result<PathBuf, CacheError> {
    cache_dir_from(|name| env::var_os(name))
}

fn cache_dir_from(var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, CacheError> {
    let folder = |name: &str| {
        let value = var(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    // The XDG specification wants relative paths ignored.
    let xdg = || folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    folder("EOSIN_CACHE")
        .or_else(|| xdg().map(|path| path.join("eosin")))
        .or_else(|| folder("HOME").map(|path| path.join(".cache/eosin")))
        .ok_or(CacheError::NoFolder)
}

impl Cache {
    /// Opens the cache in `dir`, and makes the folder when there is none. Above `max_bytes` the
    /// least recently used entries are evicted.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: impl Into<PathBuf>, max_bytes: u64) -> Result<Self, CacheError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(FileError::on("create cache folder", &dir))?;
        Ok(Self { dir, max_bytes })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Bytes that the disk of the cache has free for this user.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free_bytes(&self) -> Result<u64, CacheError> {
        let free = fs4::available_space(&self.dir);
        Ok(free.map_err(FileError::on("ask for the free space of", &self.dir))?)
    }

    /// Opens the entry of `recipe`, whose embeddings have `width` values, and makes it when there
    /// is none. Every record is checked; then the cache is brought under its limit.
    ///
    /// # Errors
    /// When the recipe is impossible, the entry's file is damaged at its head or has another
    /// width, or the folder cannot be read or written.
    pub fn entry(&self, recipe: &Recipe, width: usize) -> Result<Entry, CacheError> {
        let layout = Layout::new(recipe, width)?;
        let id = recipe.id();
        let dir = self.dir.join(&id);
        let in_use = {
            let _opening = self.lock()?;
            make_entry(&dir, recipe, &layout)?;
            touch(&dir.join(LAST_USED))?;
            lock::shared(&dir.join(lock::USE))?
        };
        let file = open_records(&dir, &id, &layout)?;
        let entry = Entry::load(self.clone(), dir, file, layout, in_use)?;
        self.evict_to_limit()?;
        Ok(entry)
    }

    /// Waits for the right to open or evict entries.
    pub(super) fn lock(&self) -> Result<Held, FileError> {
        lock::exclusive(&self.dir.join(lock::CACHE))
    }
}

/// Makes the entry's folder and files unless they are there. A recipe that cannot be read is
/// written anew: its text follows from the folder's name.
fn make_entry(dir: &Path, recipe: &Recipe, layout: &Layout) -> Result<(), FileError> {
    fs::create_dir_all(dir).map_err(FileError::on("create", dir))?;
    sweep_temps(dir)?;
    let (text, path) = (recipe.to_json() + "\n", dir.join(RECIPE));
    if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
        write_atomic(&path, text.as_bytes())?;
    }
    let path = dir.join(RECORDS);
    if !path.exists() {
        write_atomic(&path, &layout.header(&recipe.id()))?;
    }
    Ok(())
}

fn touch(path: &Path) -> Result<(), FileError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .map_err(FileError::on("touch", path))
}

fn open_records(dir: &Path, id: &str, layout: &Layout) -> Result<File, CacheError> {
    let path = dir.join(RECORDS);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(FileError::on("open", &path))?;
    let found = read_layout(&file, &path, id)?;
    if found == *layout {
        return Ok(file);
    }
    let problem = format!(
        "it holds embeddings of {} {} values, and {} {} are asked for",
        found.width, found.dtype, layout.width, layout.dtype
    );
    Err(CacheError::Header { path, problem })
}

/// Reads the header of the records file at `path`, which belongs to the entry `id`.
pub(super) fn read_layout(file: &File, path: &Path, id: &str) -> Result<Layout, CacheError> {
    let mut header = Vec::new();
    file.take(HEADER_BYTES as u64)
        .read_to_end(&mut header)
        .map_err(FileError::on("read", path))?;
    Layout::from_header(&header, id).map_err(|problem| CacheError::Header {
        path: path.to_owned(),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_folder_follows_the_first_variable_that_is_set() {
        let with = |set: &[(&str, &str)]| {
            let set: Vec<(String, OsString)> = set
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                .collect();
            cache_dir_from(move |name| Some(set.iter().find(|(n, _)| n == name)?.1.clone()))
        };
        let home = ("HOME", "/home/u");
        let xdg = ("XDG_CACHE_HOME", "/x");
        let own = ("EOSIN_CACHE", "/own");
        assert_eq!(with(&[home, xdg, own]).unwrap(), Path::new("/own"));
        assert_eq!(with(&[home, xdg]).unwrap(), Path::new("/x/eosin"));
        let plain = Path::new("/home/u/.cache/eosin");
        assert_eq!(with(&[home]).unwrap(), plain);
        assert_eq!(with(&[home, ("XDG_CACHE_HOME", "x")]).unwrap(), plain);
        assert_eq!(with(&[home, ("EOSIN_CACHE", "")]).unwrap(), plain);
        assert!(matches!(with(&[]), Err(CacheError::NoFolder)));
    }
}
