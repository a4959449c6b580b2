//! Reading embeddings without copying them.

use std::collections::HashMap;
use std::sync::Arc;

use eosin_core::config::CacheDtype;
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use memmap2::Mmap;

use super::format::Layout;
use super::lock::Held;
use super::recipe::ViewKey;
use super::scan;

/// The embeddings that an entry had when the reader was made. It stays valid while others append,
/// keeps the entry from being evicted, and may be shared between threads.
#[derive(Clone, Debug)]
pub struct Reader {
    map: Arc<Mmap>,
    layout: Layout,
    slots: Arc<HashMap<ViewKey, usize>>,
    _in_use: Arc<Held>,
}

/// One embedding as it is stored.
#[derive(Clone, Copy, Debug)]
pub enum EmbeddingRow<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Half precision.
    F16(&'a [f16]),
}

impl EmbeddingRow<'_> {
    /// Writes the embedding into `out`.
    ///
    /// # Panics
    /// When `out` has not the width of the entry.
    pub fn copy_into(&self, out: &mut [f32]) {
        match self {
            Self::F32(row) => out.copy_from_slice(row),
            Self::F16(row) => row.convert_to_f32_slice(out),
        }
    }

    /// The embedding as a vector.
    pub fn to_vec(&self) -> Vec<f32> {
        match self {
            Self::F32(row) => row.to_vec(),
            Self::F16(row) => row.to_f32_vec(),
        }
    }
}

impl Reader {
    pub(super) fn new(
        map: Mmap,
        layout: Layout,
        slots: Arc<HashMap<ViewKey, usize>>,
        in_use: Arc<Held>,
    ) -> Self {
        Self {
            map: Arc::new(map),
            layout,
            slots,
            _in_use: in_use,
        }
    }

    /// Views that can be read.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no view can be read.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Values of one embedding.
    pub fn width(&self) -> usize {
        self.layout.width
    }

    /// Where the embedding of a view is; look it up once, then read by slot.
    pub fn slot(&self, key: &ViewKey) -> Option<usize> {
        self.slots.get(key).copied()
    }

    /// The embedding of a view.
    pub fn get(&self, key: &ViewKey) -> Option<EmbeddingRow<'_>> {
        Some(self.row(self.slot(key)?))
    }

    /// The embedding at `slot`.
    ///
    /// # Panics
    /// When `slot` did not come from [`Reader::slot`].
    pub fn row(&self, slot: usize) -> EmbeddingRow<'_> {
        let bytes = &scan::record(&self.map, &self.layout, slot)[self.layout.payload()];
        match self.layout.dtype {
            CacheDtype::F32 => EmbeddingRow::F32(bytemuck::cast_slice(bytes)),
            CacheDtype::F16 => {
                EmbeddingRow::F16(bytemuck::cast_slice::<u8, u16>(bytes).reinterpret_cast())
            }
        }
    }

    /// The embedding at `slot`, when single precision is stored.
    ///
    /// # Panics
    /// As [`Reader::row`].
    pub fn row_f32(&self, slot: usize) -> Option<&[f32]> {
        match self.row(slot) {
            EmbeddingRow::F32(row) => Some(row),
            EmbeddingRow::F16(_) => None,
        }
    }

    /// Writes the embedding at `slot` into `out`.
    ///
    /// # Panics
    /// As [`Reader::row`], and when `out` has not the width of the entry.
    pub fn copy_into(&self, slot: usize, out: &mut [f32]) {
        self.row(slot).copy_into(out);
    }
}
