//! Zip archives as `torch.save` writes them: entries stored as they are, with or without the
//! 64-bit records (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>).
//!
//! Read here and not by the `zip` crate because so little of the format is needed: what is
//! compressed, encrypted, doubled or overlapping is refused, and no entry is ever copied.

use std::collections::BTreeMap;

use super::error::ZipError;
use super::zip_entry::{Entry, Fields};
use crate::shown::shown;

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const END64: &[u8] = b"PK\x06\x06";
const END64_BYTES: usize = 56;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;

/// The entries of an archive, by name.
pub(super) type Entries<'a> = BTreeMap<&'a str, &'a [u8]>;

/// Where the central directory is and how many entries it has.
struct Directory {
    begin: usize,
    end: usize,
    entries: usize,
}

/// An archive whose directory is read, its entries not yet.
pub(super) struct Archive<'a> {
    /// What is before the directory.
    bytes: &'a [u8],
    entries: Vec<Entry<'a>>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of the archive in `bytes`.
    ///
    /// # Errors
    /// When it is damaged.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ZipError> {
        let directory = find_directory(bytes)?;
        let mut fields = Fields::new(&bytes[..directory.end], directory.begin);
        let mut entries = Vec::new();
        while fields.at() < directory.end {
            entries.push(Entry::read(&mut fields)?);
        }
        if entries.len() != directory.entries {
            return Err(ZipError::Damaged {
                what: "another number of entries",
                at: directory.begin,
            });
        }
        entries.sort_by_key(|entry| entry.begin);
        Ok(Self {
            bytes: &bytes[..directory.begin],
            entries,
        })
    }

    /// The names of all entries.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// The entries by name.
    ///
    /// # Errors
    /// When one is damaged, or is not as `torch.save` writes it.
    pub(super) fn entries(&self) -> Result<Entries<'a>, ZipError> {
        let mut entries = Entries::new();
        let mut before: Option<(&Entry<'_>, usize)> = None;
        for entry in &self.entries {
            let (content, end) = entry.content(self.bytes)?;
            if let Some((first, first_end)) = before
                && first_end > entry.begin
            {
                return Err(ZipError::Overlap {
                    first: shown(first.name),
                    second: shown(entry.name),
                });
            }
            before = Some((entry, end));
            if entries.insert(entry.name, content).is_some() {
                return Err(ZipError::Twice {
                    entry: shown(entry.name),
                });
            }
        }
        Ok(entries)
    }
}

fn find_directory(bytes: &[u8]) -> Result<Directory, ZipError> {
    let end_at = find_end(bytes).ok_or(ZipError::NoDirectory)?;
    let mut end = Fields::new(bytes, end_at + 4);
    let disks = (end.u16()?, end.u16()?);
    let (_, entries) = (end.u16()?, end.u16()?);
    let (length, begin) = (end.u32()?, end.u32()?);
    let damaged = |what| ZipError::Damaged { what, at: end_at };
    if disks != (0, 0) {
        return Err(damaged("part of a split archive"));
    }
    let (begin, length, entries, behind) = match read_end64(bytes, end_at)? {
        Some((begin, length, entries, at)) => (begin, length, entries, at),
        None => (begin.into(), length.into(), entries.into(), end_at),
    };
    let in_file = |number: u64| {
        usize::try_from(number)
            .ok()
            .filter(|number| *number <= bytes.len())
            .ok_or(damaged("directory beyond the file"))
    };
    let (begin, length, entries) = (in_file(begin)?, in_file(length)?, in_file(entries)?);
    if begin.saturating_add(length) != behind {
        return Err(damaged("directory that does not end before its end record"));
    }
    Ok(Directory {
        begin,
        end: behind,
        entries,
    })
}

/// Where the end record is: the last one whose comment reaches to the end of the file.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|at| {
        bytes[*at..].starts_with(END) && {
            let comment = u16::from_le_bytes([bytes[at + 20], bytes[at + 21]]);
            at + END_BYTES + usize::from(comment) == bytes.len()
        }
    })
}

/// Begin, length and number of entries of the directory, and where the record is that says so.
type End64 = (u64, u64, u64, usize);

fn read_end64(bytes: &[u8], end_at: usize) -> Result<Option<End64>, ZipError> {
    let Some(at) = end_at.checked_sub(LOCATOR_BYTES) else {
        return Ok(None);
    };
    if !bytes[at..].starts_with(LOCATOR) {
        return Ok(None);
    }
    let mut locator = Fields::new(bytes, at + 8);
    let record = locator.u64()?;
    let expected = at.checked_sub(END64_BYTES);
    let record_at = expected.filter(|at| record == *at as u64 && bytes[*at..].starts_with(END64));
    let record_at = record_at.ok_or(ZipError::Damaged {
        what: "64-bit end record that is not before its locator",
        at,
    })?;
    let mut record = Fields::new(bytes, record_at + 32);
    let entries = record.u64()?;
    let (length, begin) = (record.u64()?, record.u64()?);
    Ok(Some((begin, length, entries, record_at)))
}
