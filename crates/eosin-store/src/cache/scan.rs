//! The memory map, and the check of every record in it.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;
use rayon::prelude::*;

use super::format::{Layout, check_record};
use super::recipe::ViewKey;
use crate::error::FileError;

/// What a record turned out to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    /// Its place.
    pub slot: usize,
    /// What it says it is of: to be believed only when `good`.
    pub key: ViewKey,
    /// Whether its checksum is right.
    pub good: bool,
}

/// Whole records and bytes of a partial one in the file at `path`.
pub(super) fn count(
    file: &File,
    path: &Path,
    layout: &Layout,
) -> Result<(usize, usize), FileError> {
    let metadata = file.metadata().map_err(FileError::on("inspect", path))?;
    Ok(layout.records_in(metadata.len()))
}

/// Maps the header and the first `records` records, which the file must have.
pub(super) fn map(
    file: &File,
    path: &Path,
    layout: &Layout,
    records: usize,
) -> Result<Mmap, FileError> {
    let len = usize::try_from(layout.offset(records))
        .map_err(|_| FileError::on("map", path)(io::ErrorKind::FileTooLarge.into()))?;
    #[expect(
        unsafe_code,
        reason = "a map is the only way to read rows without copying"
    )]
    // SAFETY: the map covers whole records that are in the file already. eosin never shortens the
    // file below its whole records, and overwrites a record only when its checksum is wrong, in
    // which case no reader serves it; eviction unlinks the file, which leaves the map intact.
    // Another program that writes to the file breaks this promise, as with any map.
    let map = unsafe { memmap2::MmapOptions::new().len(len).map(file) };
    map.map_err(FileError::on("map", path))
}

/// Checks the records at `slots`, in parallel; the result is in the order of `slots`.
pub(super) fn check(
    file: &File,
    path: &Path,
    layout: &Layout,
    slots: &[usize],
) -> Result<Vec<Checked>, FileError> {
    let Some(last) = slots.iter().max() else {
        return Ok(Vec::new());
    };
    let map = map(file, path, layout, last + 1)?;
    let checked = slots.par_iter().map(|&slot| {
        let (key, good) = check_record(record(&map, layout, slot));
        Checked { slot, key, good }
    });
    Ok(checked.collect())
}

/// The bytes of record `slot`.
pub(super) fn record<'a>(map: &'a Mmap, layout: &Layout, slot: usize) -> &'a [u8] {
    let start = usize::try_from(layout.offset(slot)).expect("a slot within the map");
    &map[start..start + layout.stride()]
}
