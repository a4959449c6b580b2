//! One entry of a zip archive.

use super::error::ZipError;
use crate::shown::shown;

const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// Stands for a number that the 64-bit extra field holds.
const ELSEWHERE: u32 = u32::MAX;
const EXTRA_64: u16 = 1;
const FLAG_ENCRYPTED: u16 = 1;

/// Reads little-endian numbers one after the other.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ZipError> {
        let taken = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.get(..length));
        let taken = taken.ok_or(ZipError::Damaged {
            what: "record that breaks off",
            at: self.at,
        })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ZipError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ZipError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, ZipError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, ZipError> {
        Ok(u64::from_le_bytes(self.array()?))
    }
}

/// An entry as the central directory describes it.
pub(super) struct Entry<'a> {
    pub name: &'a str,
    /// Where its local header is.
    pub begin: usize,
    length: usize,
    flags: u16,
    method: u16,
}

impl<'a> Entry<'a> {
    /// The entry that the directory holds next.
    pub(super) fn read(fields: &mut Fields<'a>) -> Result<Self, ZipError> {
        let at = fields.at();
        let damaged = |what| ZipError::Damaged { what, at };
        if fields.take(4)? != CENTRAL {
            return Err(damaged("no directory entry"));
        }
        fields.take(4)?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.take(8)?;
        let (packed, length) = (fields.u32()?, fields.u32()?);
        let lengths = (fields.u16()?, fields.u16()?, fields.u16()?);
        fields.take(8)?;
        let begin = fields.u32()?;
        let name = fields.take(lengths.0.into())?;
        let extra = fields.take(lengths.1.into())?;
        fields.take(lengths.2.into())?;
        let name = std::str::from_utf8(name).map_err(|_| damaged("name that is no text"))?;
        let mut long = Fields::new(find_extra_64(extra), 0);
        // The order of the fields in the extra one.
        let length = widen(length, &mut long)?;
        let packed = widen(packed, &mut long)?;
        let begin = widen(begin, &mut long)?;
        if method == 0 && packed != length {
            return Err(damaged("stored entry of two lengths"));
        }
        let in_memory = |number| usize::try_from(number).map_err(|_| damaged("number too large"));
        Ok(Self {
            name,
            begin: in_memory(begin)?,
            length: in_memory(length)?,
            flags,
            method,
        })
    }

    /// Its bytes and where they end; `bytes` are those before the directory.
    pub(super) fn content(&self, bytes: &'a [u8]) -> Result<(&'a [u8], usize), ZipError> {
        check_stored(self.name, self.flags, self.method)?;
        let mut fields = Fields::new(bytes, self.begin);
        let damaged = |what| ZipError::Damaged {
            what,
            at: self.begin,
        };
        if fields.take(4)? != LOCAL {
            return Err(damaged("no entry where the directory has one"));
        }
        fields.take(2)?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        check_stored(self.name, flags, method)?;
        fields.take(16)?;
        let (name, extra) = (fields.u16()?, fields.u16()?);
        if fields.take(name.into())? != self.name.as_bytes() {
            return Err(damaged("entry with another name than in the directory"));
        }
        fields.take(extra.into())?;
        let content = fields.take(self.length)?;
        Ok((content, fields.at()))
    }
}

fn check_stored(name: &str, flags: u16, method: u16) -> Result<(), ZipError> {
    let how = match (flags & FLAG_ENCRYPTED, method) {
        (0, 0) => return Ok(()),
        (0, _) => "compressed",
        _ => "encrypted",
    };
    Err(ZipError::NotStored {
        entry: shown(name),
        how,
    })
}

/// The extra field with 64-bit numbers, empty where there is none.
fn find_extra_64(mut extra: &[u8]) -> &[u8] {
    while let Some((&[a, b, c, d], rest)) = extra.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes([c, d])).min(rest.len());
        let (field, behind) = rest.split_at(length);
        if u16::from_le_bytes([a, b]) == EXTRA_64 {
            return field;
        }
        extra = behind;
    }
    &[]
}

fn widen(number: u32, long: &mut Fields<'_>) -> Result<u64, ZipError> {
    if number == ELSEWHERE {
        long.u64()
    } else {
        Ok(number.into())
    }
}
