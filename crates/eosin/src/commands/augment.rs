//! `eosin augment`: what training will see.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::Stream;
use eosin_run::{Overwrite, check_out_file, lies_in};
use eosin_train::{
    Draw, PatchReader, RowReader, StainFitter, ViewMaker, decode_limits, drawn_view, resize_of,
};

use crate::args::AugmentArgs;
use crate::commands::run::open;
use crate::output::{note, say, say_json};
use crate::sheet::{Sheet, is_png};
use crate::terminal::Terminal;

/// A sheet among the patches must be one that eosin knows again.
///
/// # Errors
/// When it would not be.
pub fn refuse_among_patches(preview: &Path, data: &Path) -> Result<()> {
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
    let fitter = StainFitter {
        config: &job.config.data,
        patches: &job.patches,
        pool: &pool,
        test: &[],
    };
    fitter.refuse()?;
    let stain = fitter.fit(&|| Ok(()))?;
    let stain = stain.map(|fit| fit.stain.parse()).transpose()?;
    let mut rng = job.config.seed.stream(Stream::Augment, &[]);
    let reader = RowReader {
        patches: &job.patches,
        places: &pool,
        reader: PatchReader {
            limits: decode_limits(job.config.data.max_side_px),
            stain,
            resize: resize_of(&job.config.data),
            size_px: job.size_px,
        },
    };
    let maker = ViewMaker::new(&job.config.augment, job.config.seed);
    let maker = maker.map(|maker| maker.of_stain(stain.as_ref()));
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
