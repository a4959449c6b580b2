//! The embeddings of one recipe: which are there, adding to them, reading them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CacheError;
use super::folder::Cache;
use super::format::Layout;
use super::lock::{self, Held};
use super::place;
use super::reader::Reader;
use super::recipe::ViewKey;
use super::scan;
use crate::error::FileError;

/// Records are written in pieces of about this size.
const PIECE_BYTES: usize = 4 << 20;

/// The embeddings of one recipe, open for reading and appending. Not evicted while it lives.
#[derive(Debug)]
pub struct Entry {
    cache: Cache,
    dir: PathBuf,
    path: PathBuf,
    file: File,
    layout: Layout,
    /// Whole records of the file that have been checked.
    records: usize,
    slots: Arc<HashMap<ViewKey, usize>>,
    /// Records with a wrong checksum, by slot; to be overwritten.
    damaged: BTreeMap<usize, ViewKey>,
    in_use: Arc<Held>,
}

impl Entry {
    /// Takes the open records file of an entry in use, and checks every record.
    pub(super) fn load(
        cache: Cache,
        dir: PathBuf,
        file: File,
        layout: Layout,
        in_use: Held,
    ) -> Result<Self, CacheError> {
        let mut entry = Self {
            cache,
            path: dir.join(super::folder::RECORDS),
            dir,
            file,
            layout,
            records: 0,
            slots: Arc::default(),
            damaged: BTreeMap::new(),
            in_use: Arc::new(in_use),
        };
        entry.refresh()?;
        Ok(entry)
    }

    /// Whether the embedding of this view is there.
    pub fn contains(&self, key: &ViewKey) -> bool {
        self.slots.contains_key(key)
    }

    /// Views whose embeddings are there.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no embedding is there.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The folder of the entry.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Values of one embedding.
    pub fn width(&self) -> usize {
        self.layout.width
    }

    /// Keys of records whose checksum is wrong, as those records have them. They count as absent,
    /// and the next [`Entry::append`] overwrites them.
    pub fn damaged(&self) -> Vec<ViewKey> {
        self.damaged.values().copied().collect()
    }

    /// Takes note of what other processes have appended or repaired.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refresh(&mut self) -> Result<(), CacheError> {
        let _writing = lock::shared(&self.dir.join(lock::WRITE))?;
        self.catch_up().map(drop)
    }

    /// Adds embeddings: whole records, in the file for good when this returns. Views that are
    /// there already, also since another process added them, are skipped. Gives the number added.
    ///
    /// # Errors
    /// When a payload has the wrong length or a value that cannot be kept, in which case nothing
    /// is written; or when writing fails, in which case whole records stay and a part is removed.
    pub fn append(&mut self, batch: &[(ViewKey, Vec<f32>)]) -> Result<usize, CacheError> {
        let writing = lock::exclusive(&self.dir.join(lock::WRITE))?;
        let partial_bytes = self.catch_up()?;
        if partial_bytes > 0 {
            self.cut_tail()?;
        }
        let (keys, bytes) = self.encode_missing(batch)?;
        let slots = place::choose(&keys, &self.damaged, self.records);
        let result = self.write_records(&slots, &bytes);
        if let Err(cause) = result {
            return Err(self.keep_whole(&keys, cause));
        }
        let map = Arc::make_mut(&mut self.slots);
        for (key, slot) in keys.iter().zip(&slots) {
            map.insert(*key, *slot);
            self.damaged.remove(slot);
            self.records = self.records.max(slot + 1);
        }
        drop(writing);
        if !keys.is_empty() {
            self.cache.evict_to_limit()?;
        }
        Ok(keys.len())
    }

    /// A view of all embeddings that are there now.
    ///
    /// # Errors
    /// When the file cannot be mapped.
    pub fn reader(&self) -> Result<Reader, CacheError> {
        let map = scan::map(&self.file, &self.path, &self.layout, self.records)?;
        let (slots, in_use) = (Arc::clone(&self.slots), Arc::clone(&self.in_use));
        Ok(Reader::new(map, self.layout, slots, in_use))
    }

    /// Checks damaged and new records; gives the bytes of a partial one. Needs the write lock.
    fn catch_up(&mut self) -> Result<usize, CacheError> {
        let (records, partial_bytes) = scan::count(&self.file, &self.path, &self.layout)?;
        if records < self.records {
            // Somebody cut the file: trust nothing of what was known.
            self.records = 0;
            self.slots = Arc::default();
            self.damaged.clear();
        }
        let due: Vec<usize> = self
            .damaged
            .keys()
            .copied()
            .chain(self.records..records)
            .collect();
        let checked = scan::check(&self.file, &self.path, &self.layout, &due)?;
        self.records = records;
        if checked.is_empty() {
            return Ok(partial_bytes);
        }
        let slots = Arc::make_mut(&mut self.slots);
        for record in checked {
            if record.good {
                self.damaged.remove(&record.slot);
                slots.insert(record.key, record.slot);
            } else {
                self.damaged.insert(record.slot, record.key);
            }
        }
        Ok(partial_bytes)
    }

    /// Records of the views of `batch` that are not there, one after another.
    fn encode_missing(
        &self,
        batch: &[(ViewKey, Vec<f32>)],
    ) -> Result<(Vec<ViewKey>, Vec<u8>), CacheError> {
        let mut seen = HashSet::new();
        let (mut keys, mut bytes) = (Vec::new(), Vec::new());
        for (key, values) in batch {
            if !self.contains(key) && seen.insert(key) {
                self.layout.encode(key, values, &mut bytes)?;
                keys.push(*key);
            }
        }
        Ok((keys, bytes))
    }

    /// Writes the records in `bytes` to `slots`, runs of neighbouring slots together.
    fn write_records(&mut self, slots: &[usize], bytes: &[u8]) -> io::Result<()> {
        let stride = self.layout.stride();
        let per_piece = (PIECE_BYTES / stride).max(1);
        let mut order: Vec<usize> = (0..slots.len()).collect();
        // From the front of the file to its end, so that a failure leaves no hole.
        order.sort_by_key(|index| slots[*index]);
        for run in place::runs(&order, slots, per_piece) {
            let first = order[*run.start()];
            self.file
                .seek(SeekFrom::Start(self.layout.offset(slots[first])))?;
            let mut piece = Vec::with_capacity((run.end() - run.start() + 1) * stride);
            for index in &order[run] {
                piece.extend_from_slice(&bytes[index * stride..][..stride]);
            }
            self.file.write_all(&piece)?;
        }
        if slots.is_empty() {
            Ok(())
        } else {
            self.file.sync_data()
        }
    }

    /// Removes a partial record at the end.
    fn cut_tail(&self) -> Result<(), FileError> {
        let (records, _) = scan::count(&self.file, &self.path, &self.layout)?;
        self.file
            .set_len(self.layout.offset(records))
            .map_err(FileError::on("cut", &self.path))
    }

    /// After a failed write: cuts the part of a record, takes note of the whole ones.
    fn keep_whole(&mut self, keys: &[ViewKey], cause: io::Error) -> CacheError {
        // Best effort: the next writer cuts what stays here, and the write error matters more.
        drop(self.cut_tail());
        drop(self.catch_up());
        CacheError::Append {
            path: self.path.clone(),
            kept: keys.iter().filter(|key| self.contains(key)).count(),
            total: keys.len(),
            cause,
        }
    }
}
