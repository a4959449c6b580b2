//! Contact sheets.

use std::path::Path;

use anyhow::Result;
use eosin_data::PICTURE_MARK;

/// White pixels between the patches of a sheet.
const GAP_PX: usize = 4;

/// Whether a file of this name is written as PNG, in which a sheet is known again.
pub fn is_png(name: &str) -> bool {
    name.to_lowercase().ends_with(".png")
}

/// A white picture that patches of one size are put on.
pub struct Sheet {
    side_px: usize,
    width_px: usize,
    height_px: usize,
    pixels: Vec<u8>,
}

impl Sheet {
    /// Room for patches of `side_px`.
    pub fn new(side_px: usize, columns: usize, lines: usize) -> Self {
        let length = |count: usize| count * (side_px + GAP_PX) + GAP_PX;
        let (width_px, height_px) = (length(columns), length(lines));
        Self {
            side_px,
            width_px,
            height_px,
            pixels: vec![255; width_px * height_px * 3],
        }
    }

    /// Writes the picture; as PNG with a mark, so that it is not taken for a patch.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let (width, height) = (
            u32::try_from(self.width_px)?,
            u32::try_from(self.height_px)?,
        );
        if !is_png(&path.display().to_string()) {
            let colour = image::ExtendedColorType::Rgb8;
            return Ok(image::save_buffer(
                path,
                &self.pixels,
                width,
                height,
                colour,
            )?);
        }
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        let mut encoder = png::Encoder::new(file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let (keyword, text) = PICTURE_MARK.split_once('\0').unwrap_or_default();
        encoder.add_text_chunk(keyword.to_owned(), text.to_owned())?;
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        Ok(writer.finish()?)
    }

    /// Puts a patch of the sheet's size in a place.
    pub fn place(&mut self, line: usize, column: usize, patch: &[u8]) {
        let at = |count: usize| GAP_PX + count * (self.side_px + GAP_PX);
        let (top, left) = (at(line), at(column));
        for (row, pixels) in patch.chunks_exact(self.side_px * 3).enumerate() {
            let from = ((top + row) * self.width_px + left) * 3;
            self.pixels[from..from + pixels.len()].copy_from_slice(pixels);
        }
    }

    /// Puts a frame of a colour around a place.
    pub fn frame(&mut self, line: usize, column: usize, colour: [u8; 3]) {
        let at = |count: usize| count * (self.side_px + GAP_PX);
        let (top, left, side) = (at(line), at(column), self.side_px + 2 * GAP_PX);
        for row in 0..side {
            for across in 0..side {
                let inside = |at: usize| (GAP_PX..GAP_PX + self.side_px).contains(&at);
                if !(inside(row) && inside(across)) {
                    let from = ((top + row) * self.width_px + left + across) * 3;
                    self.pixels[from..from + 3].copy_from_slice(&colour);
                }
            }
        }
    }
}
