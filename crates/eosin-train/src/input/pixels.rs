//! Decoded patches in memory.

use eosin_data::RgbPatch;
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::input::reader::RowReader;
use crate::input::scale::PixelScale;
use crate::input::views::{ViewMaker, drawn_view};

/// Square patches of one size, decoded.
#[derive(Clone, Debug, Default)]
pub struct PatchSet {
    /// Side in pixels.
    pub size_px: usize,
    /// `[n, size_px, size_px, 3]`, RGB.
    pub pixels: Vec<u8>,
}

impl PatchSet {
    /// Decodes every row of `rows` into one block of memory: there is never a second copy.
    ///
    /// # Errors
    /// The first patch, in order, that cannot be used.
    pub fn decode(rows: &RowReader<'_>) -> Result<Self, TrainError> {
        let size_px = rows.reader.size_px;
        let len = size_px * size_px * 3;
        let mut pixels = vec![0; rows.places.len() * len];
        let results: Vec<Result<(), TrainError>> = pixels
            .par_chunks_exact_mut(len)
            .enumerate()
            .map(|(row, out)| {
                out.copy_from_slice(&rows.read(row)?.pixels);
                Ok(())
            })
            .collect();
        results.into_iter().collect::<Result<(), TrainError>>()?;
        Ok(Self { size_px, pixels })
    }

    /// The pixels of one patch.
    pub fn image(&self, row: usize) -> &[u8] {
        let len = self.size_px * self.size_px * 3;
        &self.pixels[row * len..(row + 1) * len]
    }
}

/// Patches that are read again and again: decoded once, or each time where that takes too much
/// memory.
#[derive(Debug)]
pub enum PixelRows<'a> {
    /// Decoded, in memory.
    Decoded(PatchSet),
    /// Decoded whenever they are wanted.
    Read(RowReader<'a>),
}

impl<'a> PixelRows<'a> {
    /// Bytes of decoded patches that are kept in memory; larger sets are decoded when they are wanted.
    pub const MOST_BYTES: usize = 2 << 30;

    /// Every row of `rows`, decoded now where all of them take no more than `most_bytes`.
    ///
    /// # Errors
    /// As [`PatchSet::decode`].
    pub fn new(rows: RowReader<'a>, most_bytes: usize) -> Result<Self, TrainError> {
        let size_px = rows.reader.size_px;
        if rows.places.len() * size_px * size_px * 3 > most_bytes {
            return Ok(Self::Read(rows));
        }
        PatchSet::decode(&rows).map(Self::Decoded)
    }

    const fn size_px(&self) -> usize {
        match self {
            Self::Decoded(patches) => patches.size_px,
            Self::Read(rows) => rows.reader.size_px,
        }
    }

    /// The pixels of a row.
    ///
    /// # Errors
    /// When it is read now, as [`RowReader::read`].
    pub fn patch(&self, row: usize) -> Result<RgbPatch, TrainError> {
        match self {
            Self::Decoded(patches) => Ok(RgbPatch {
                width_px: patches.size_px,
                height_px: patches.size_px,
                pixels: patches.image(row).to_vec(),
            }),
            Self::Read(rows) => rows.read(row),
        }
    }
}

/// Pixels, for training that begins at the first stage.
pub struct PixelSource<'a> {
    /// The patches.
    pub patches: &'a PixelRows<'a>,
    /// How values are scaled.
    pub scale: PixelScale,
    /// Makes random views, where these are asked for.
    pub maker: Option<&'a ViewMaker>,
}

impl InputSource for PixelSource<'_> {
    fn width(&self) -> usize {
        self.patches.size_px() * self.patches.size_px() * 3
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        Some([self.patches.size_px(), self.patches.size_px(), 3])
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let fill = |(draw, out): (&Draw, &mut [f32])| {
            let pixels = drawn_view(self.maker, &self.patches.patch(draw.row)?, *draw);
            for (value, scaled) in out.iter_mut().zip(self.scale.interleaved(&pixels)) {
                *value = scaled;
            }
            Ok(())
        };
        let width = self.width();
        let filled: Vec<Result<(), TrainError>> = draws
            .par_iter()
            .zip(out.par_chunks_exact_mut(width))
            .map(fill)
            .collect();
        // The first in order, whatever thread was first.
        filled.into_iter().collect()
    }
}
