//! The bytes of `records.bin`.
//!
//! Header, 64 bytes: magic (8), version, bytes per value, width (4 each), zeros (4), recipe id
//! (16), zeros (8), BLAKE3 of all these (16). Then records of one size, each a multiple of 64
//! bytes: image hash (32), view (4), zeros (12), payload, zeros, BLAKE3 of all these (16). Numbers
//! are little-endian. Every byte is under a checksum, and a payload begins at a multiple of 16.

use std::ops::Range;

use eosin_core::config::CacheDtype;
use half::f16;
use half::slice::HalfFloatSliceExt;

use super::error::CacheError;
use super::recipe::{Recipe, ViewKey, hex};

/// Bytes before the first record.
pub(super) const HEADER_BYTES: usize = 64;
const MAGIC: &[u8; 8] = b"EOSINEMB";
const VERSION: u32 = 2;
const HASH_BYTES: usize = 32;
/// Bytes of a record before its payload.
const KEY_BYTES: usize = 48;
const CHECKSUM_BYTES: usize = 16;
const ALIGN: usize = 64;

/// Where things lie in the records of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Values of one embedding.
    pub width: usize,
    /// How values are stored.
    pub dtype: CacheDtype,
}

impl Layout {
    /// The layout of the entry of `recipe`.
    pub(super) fn new(recipe: &Recipe, width: usize) -> Result<Self, CacheError> {
        Recipe::check(width)?;
        Ok(Self {
            width,
            dtype: recipe.dtype,
        })
    }

    fn value_bytes(&self) -> usize {
        match self.dtype {
            CacheDtype::F32 => 4,
            CacheDtype::F16 => 2,
        }
    }

    /// Bytes of one record.
    pub(super) fn stride(&self) -> usize {
        let used = KEY_BYTES + self.width * self.value_bytes() + CHECKSUM_BYTES;
        used.next_multiple_of(ALIGN)
    }

    /// Where record `slot` begins.
    pub(super) fn offset(&self, slot: usize) -> u64 {
        HEADER_BYTES as u64 + slot as u64 * self.stride() as u64
    }

    /// Whole records, and bytes of a part of one more, in a file of `len` bytes.
    pub(super) fn records_in(&self, len: u64) -> (usize, usize) {
        let body = len.saturating_sub(HEADER_BYTES as u64);
        let stride = self.stride() as u64;
        let whole = usize::try_from(body / stride).expect("a file that fits the address space");
        let partial = usize::try_from(body % stride).expect("less than one record");
        (whole, partial)
    }

    /// The bytes of the embedding within a record.
    pub(super) fn payload(&self) -> Range<usize> {
        KEY_BYTES..KEY_BYTES + self.width * self.value_bytes()
    }

    /// The header of the entry named `id`.
    pub(super) fn header(&self, id: &str) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        let word = |value: usize| u32::try_from(value).expect("checked by Layout::new");
        let words = [VERSION, word(self.value_bytes()), word(self.width), 0];
        header[..8].copy_from_slice(MAGIC);
        for (index, word) in words.iter().enumerate() {
            header[8 + 4 * index..][..4].copy_from_slice(&word.to_le_bytes());
        }
        header[24..40].copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..16]);
        let sum = checksum(&header[..48]);
        header[48..].copy_from_slice(&sum);
        header
    }

    /// Reads a header back; the error says what is wrong with it.
    pub(super) fn from_header(header: &[u8], id: &str) -> Result<Self, String> {
        if header.len() < HEADER_BYTES {
            return Err(format!(
                "its header has {} of {HEADER_BYTES} bytes",
                header.len()
            ));
        }
        let header = &header[..HEADER_BYTES];
        if &header[..8] != MAGIC {
            return Err("it is no eosin records file".to_owned());
        }
        if checksum(&header[..48]) != header[48..] {
            return Err("its header's checksum is wrong".to_owned());
        }
        let word = |index: usize| {
            let bytes = [0, 1, 2, 3].map(|byte| header[8 + 4 * index + byte]);
            u32::from_le_bytes(bytes) as usize
        };
        if word(0) != VERSION as usize {
            return Err(format!(
                "its format is version {}; this eosin reads {VERSION}",
                word(0)
            ));
        }
        let dtype = match word(1) {
            4 => CacheDtype::F32,
            2 => CacheDtype::F16,
            other => return Err(format!("it has {other} bytes per value, not 2 or 4")),
        };
        let layout = Self {
            width: word(2),
            dtype,
        };
        if layout.header(id) != header {
            return Err("it belongs to another entry".to_owned());
        }
        Ok(layout)
    }

    /// Appends the record of `key` to `out`.
    pub(super) fn encode(
        &self,
        key: &ViewKey,
        values: &[f32],
        out: &mut Vec<u8>,
    ) -> Result<(), CacheError> {
        self.check_values(key, values)?;
        let start = out.len();
        out.extend_from_slice(&key.image);
        out.extend_from_slice(&key.view.to_le_bytes());
        out.resize(start + KEY_BYTES, 0);
        const {
            assert!(
                cfg!(target_endian = "little"),
                "values are written and mapped as they are, which needs a little-endian machine"
            );
        }
        match self.dtype {
            CacheDtype::F32 => out.extend_from_slice(bytemuck::cast_slice(values)),
            CacheDtype::F16 => {
                let mut halves = vec![f16::ZERO; values.len()];
                halves.convert_from_f32_slice(values);
                let bits: &[u16] = halves.reinterpret_cast();
                out.extend_from_slice(bytemuck::cast_slice(bits));
            }
        }
        out.resize(start + self.stride() - CHECKSUM_BYTES, 0);
        let sum = checksum(&out[start..]);
        out.extend_from_slice(&sum);
        Ok(())
    }

    fn check_values(&self, key: &ViewKey, values: &[f32]) -> Result<(), CacheError> {
        if values.len() != self.width {
            return Err(CacheError::Length {
                image: hex(&key.image),
                got: values.len(),
                expected: self.width,
            });
        }
        match values.iter().find(|value| !keeps(self.dtype, **value)) {
            Some(value) => Err(CacheError::Value {
                image: hex(&key.image),
                value: *value,
                dtype: self.dtype,
            }),
            None => Ok(()),
        }
    }
}

/// Rounds values as an entry that stores them as `dtype` gives them back.
///
/// # Errors
/// With the first value that such an entry cannot keep.
pub fn round_as_stored(dtype: CacheDtype, values: &mut [f32]) -> Result<(), f32> {
    if let Some(value) = values.iter().find(|value| !keeps(dtype, **value)) {
        return Err(*value);
    }
    if dtype == CacheDtype::F16 {
        let mut halves = vec![f16::ZERO; values.len()];
        halves.convert_from_f32_slice(values);
        halves.convert_to_f32_slice(values);
    }
    Ok(())
}

/// Whether a value stays finite when it is stored.
fn keeps(dtype: CacheDtype, value: f32) -> bool {
    match dtype {
        CacheDtype::F32 => value.is_finite(),
        CacheDtype::F16 => f16::from_f32(value).is_finite(),
    }
}

/// The key as a record has it, and whether the record's checksum is right.
pub(super) fn check_record(record: &[u8]) -> (ViewKey, bool) {
    let (covered, sum) = record.split_at(record.len() - CHECKSUM_BYTES);
    let mut image = [0; HASH_BYTES];
    image.copy_from_slice(&covered[..HASH_BYTES]);
    let view = [0, 1, 2, 3].map(|byte| covered[HASH_BYTES + byte]);
    let view = u32::from_le_bytes(view);
    (ViewKey { image, view }, checksum(covered) == sum)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests;
