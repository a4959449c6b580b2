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

/// Pixels, for training that begins at the first stage.
pub struct PixelSource<'a> {
    /// The patches.
    pub patches: &'a PatchSet,
    /// How values are scaled.
    pub scale: PixelScale,
    /// Makes random views, where these are asked for.
    pub maker: Option<&'a ViewMaker>,
}

impl InputSource for PixelSource<'_> {
    fn width(&self) -> usize {
        self.patches.size_px * self.patches.size_px * 3
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        Some([self.patches.size_px, self.patches.size_px, 3])
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let side = self.patches.size_px;
        let fill = |(draw, out): (&Draw, &mut [f32])| {
            let patch = RgbPatch {
                width_px: side,
                height_px: side,
                pixels: self.patches.image(draw.row).to_vec(),
            };
            let pixels = drawn_view(self.maker, &patch, *draw);
            for (value, scaled) in out.iter_mut().zip(self.scale.interleaved(&pixels)) {
                *value = scaled;
            }
        };
        let width = self.width();
        draws
            .par_iter()
            .zip(out.par_chunks_exact_mut(width))
            .for_each(fill);
        Ok(())
    }
}
