//! `eosin augment`: what training will see.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::Stream;
use eosin_data::PICTURE_MARK;
use eosin_run::{Overwrite, check_out_file, lies_in};
use eosin_train::{Draw, PatchReader, RowReader, ViewMaker, decode_limits, drawn_view, resize_of};

use crate::args::AugmentArgs;
use crate::commands::run::open;
use crate::output::{note, say, say_json};
use crate::terminal::Terminal;

/// A sheet among the patches must be one that eosin knows again.
fn refuse_among_patches(preview: &Path, data: &Path) -> Result<()> {
    if !lies_in(preview, data) {
        return Ok(());
    }
    let preview = preview.display();
    if !is_png(&preview.to_string()) {
        bail!(
            "{preview} lies in the data folder {}, where it would be taken for a patch; write it \
             elsewhere with '--preview FILE'",
            data.display()
        );
    }
    note(&format!(
        "note: {preview} lies in the data folder; it is passed over when patches are read"
    ));
    Ok(())
}

fn is_png(name: &str) -> bool {
    name.to_lowercase().ends_with(".png")
}

/// White pixels between the patches of the sheet.
const GAP_PX: usize = 4;

/// Writes a contact sheet: a row a patch, the patch as it is first, then random views of it.
///
/// # Errors
/// When a patch cannot be read or the sheet not written.
pub fn run(args: &AugmentArgs, json: bool) -> Result<ExitCode> {
    let terminal = Terminal::default();
    check_out_file(&args.preview, Overwrite::of_flag(args.overwrite))?;
    refuse_among_patches(&args.preview, args.job.data())?;
    let job = open(&args.job, &terminal)?;
    let (patches, views) = (usize::from(args.patches), usize::from(args.views));
    let pool = job.manifest().training_pool();
    let mut rng = job.config.seed.stream(Stream::Augment, &[]);
    let reader = RowReader {
        patches: &job.patches,
        places: &pool,
        reader: PatchReader {
            limits: decode_limits(job.config.data.max_side_px),
            stain: None,
            resize: resize_of(&job.config.data),
            size_px: job.size_px,
        },
    };
    let maker = ViewMaker::new(&job.config.augment, job.config.seed);
    let members = job.config.augment.symmetry.members();
    // Patches from the whole set, not its beginning.
    let step = (pool.len() / patches).max(1);
    let rows: Vec<usize> = (0..pool.len()).step_by(step).take(patches).collect();
    let mut sheet = Sheet::new(job.size_px, views + 1, rows.len());
    for (line, row) in rows.iter().enumerate() {
        let patch = reader.read(*row)?;
        sheet.place(line, 0, &patch.pixels);
        let draws = Draw::epoch(&vec![*row; views], members, maker.is_some(), &mut rng);
        for (column, draw) in draws.into_iter().enumerate() {
            sheet.place(line, column + 1, &drawn_view(maker.as_ref(), &patch, draw));
        }
    }
    let path = &args.preview;
    sheet
        .write(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    if json {
        say_json(&serde_json::json!({
            "sheet": path, "patches": rows.len(), "views": views,
            "augment": job.config.augment,
        }))?;
    } else {
        say(&format!(
            "{}: {} patches, each as it is and in {} views",
            path.display(),
            rows.len(),
            views
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// A white picture that patches of one size are put on.
struct Sheet {
    side_px: usize,
    width_px: usize,
    height_px: usize,
    pixels: Vec<u8>,
}

impl Sheet {
    fn new(side_px: usize, columns: usize, lines: usize) -> Self {
        let length = |count: usize| count * (side_px + GAP_PX) + GAP_PX;
        let (width_px, height_px) = (length(columns), length(lines));
        Self {
            side_px,
            width_px,
            height_px,
            pixels: vec![255; width_px * height_px * 3],
        }
    }

    fn write(&self, path: &Path) -> Result<()> {
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

    fn place(&mut self, line: usize, column: usize, patch: &[u8]) {
        let at = |count: usize| GAP_PX + count * (self.side_px + GAP_PX);
        let (top, left) = (at(line), at(column));
        for (row, pixels) in patch.chunks_exact(self.side_px * 3).enumerate() {
            let from = ((top + row) * self.width_px + left) * 3;
            self.pixels[from..from + pixels.len()].copy_from_slice(pixels);
        }
    }
}
