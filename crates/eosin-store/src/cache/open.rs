//! Opening the entry of a recipe.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use super::entry::Entry;
use super::error::CacheError;
use super::folder::{Cache, LAST_USED, RECIPE, RECORDS};
use super::format::{HEADER_BYTES, Layout};
use super::lock;
use super::recipe::Recipe;
use crate::atomic::{sweep_temps, write_atomic};
use crate::error::FileError;

impl Cache {
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
