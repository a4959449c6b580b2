//! A folder of phantoms with its manifest.

use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use eosin_core::Split;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use rayon::prelude::*;

use super::options::CLASSES;
use super::{PhantomError, PhantomOptions, PhantomPosition, PhantomSummary, phantom_patch};
use crate::decode::RgbPatch;
use crate::manifest::{Layout, Manifest, Patch};

/// Writes `benign/*.png`, `malignant/*.png` and `manifest.csv` (path, label, patient, slide, and
/// split when there is a test part) into `folder`, which must not exist or be empty.
///
/// Everything is written beside `folder` first and moved there when complete, so an interrupted
/// call leaves no half set that looks whole. `progress` gets the number done and the number in all,
/// from any thread.
///
/// # Errors
/// When an option is out of range, the folder is not empty, or a write fails.
pub fn write_phantom(
    folder: &Path,
    options: &PhantomOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<PhantomSummary, PhantomError> {
    options.check()?;
    refuse_occupied(folder)?;
    let staging = staging_folder(folder)?;
    let written = write_all(&staging, options, progress).and_then(|summary| {
        sync_folder(&staging)?;
        if folder.exists() {
            fs::remove_dir(folder).map_err(PhantomError::write(folder))?;
        }
        fs::rename(&staging, folder).map_err(PhantomError::write(folder))?;
        Ok(summary)
    });
    if written.is_err() {
        // The first error is the one to report; a folder that stays behind is hidden and harmless.
        drop(fs::remove_dir_all(&staging));
    }
    written
}

fn refuse_occupied(folder: &Path) -> Result<(), PhantomError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(PhantomError::NotEmpty(folder.to_owned())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(PhantomError::write(folder)(error)),
    }
}

fn staging_folder(folder: &Path) -> Result<PathBuf, PhantomError> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = folder.file_name().map_or_else(
        || "phantom".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let staging = parent.join(format!(".{name}.partial-{}", std::process::id()));
    for class in CLASSES {
        let path = staging.join(class);
        fs::create_dir_all(&path).map_err(PhantomError::write(path))?;
    }
    Ok(staging)
}

fn write_all(
    staging: &Path,
    options: &PhantomOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<PhantomSummary, PhantomError> {
    let positions = options.positions();
    let done = AtomicU64::new(0);
    let patches: Vec<Patch> = positions
        .par_iter()
        .map(|&position| {
            let patch = describe(staging, options, position);
            let class = options.class_of(position);
            write_png(
                &staging.join(&patch.key),
                &phantom_patch(options, class, position),
            )?;
            progress(
                done.fetch_add(1, Ordering::Relaxed) + 1,
                positions.len() as u64,
            );
            Ok(patch)
        })
        .collect::<Result<_, PhantomError>>()?;
    let manifest = Manifest {
        root: staging.to_owned(),
        layout: Layout::Manifest,
        classes: CLASSES.map(str::to_owned).into(),
        patches,
        notes: Vec::new(),
    }
    .sorted();
    let path = staging.join("manifest.csv");
    let file = fs::File::create(&path).map_err(PhantomError::write(&path))?;
    manifest
        .write_csv(&file)
        .map_err(PhantomError::write(&path))?;
    file.sync_all().map_err(PhantomError::write(&path))?;
    Ok(summarise(&manifest))
}

fn describe(staging: &Path, options: &PhantomOptions, position: PhantomPosition) -> Patch {
    let patient = format!("P{:03}", position.patient);
    let slide = format!("{patient}-S{}", position.slide);
    let class = options.class_of(position);
    let key = format!("{}/{slide}-{:04}.png", CLASSES[class], position.patch);
    let is_test = position.patient >= options.patients;
    let part = if is_test { Split::Test } else { Split::Train };
    Patch {
        source: staging.join(&key).into(),
        key,
        class: Some(class),
        patient: Some(patient),
        slide: Some(slide),
        group: None,
        split: (options.test_patients > 0).then_some(part),
        fold: None,
        site: None,
    }
}

fn write_png(path: &Path, pixels: &RgbPatch) -> Result<(), PhantomError> {
    let file = fs::File::create(path).map_err(PhantomError::write(path))?;
    let sides = [pixels.width_px, pixels.height_px].map(|px| u32::try_from(px).unwrap_or(u32::MAX));
    PngEncoder::new_with_quality(
        BufWriter::new(file),
        CompressionType::Fast,
        FilterType::Adaptive,
    )
    .write_image(&pixels.pixels, sides[0], sides[1], ExtendedColorType::Rgb8)
    .map_err(|error| match error {
        image::ImageError::IoError(error) => PhantomError::write(path)(error),
        other => PhantomError::write(path)(std::io::Error::other(other)),
    })
}

fn summarise(manifest: &Manifest) -> PhantomSummary {
    let count = |positions: Vec<usize>| {
        let counts = manifest.class_counts_of(positions);
        [counts[0], counts[1]]
    };
    PhantomSummary {
        train: count(manifest.training_pool()),
        test: count(manifest.test_part()),
    }
}

fn sync_folder(folder: &Path) -> Result<(), PhantomError> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(PhantomError::write(folder))
}
