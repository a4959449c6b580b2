//! The parallel scan.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::counts::{class_counts, group_counts};
use super::size::{other_sizes, usual_size};
use super::{ClassCount, GroupCounts, Problem, ProblemKind};
use crate::decode::{
    DecodeError, DecodeLimits, Header, PatchFormat, PixelMode, RgbPatch, decode_rgb, read_header,
};
use crate::manifest::{Manifest, Patch};
use crate::stats::ImageSums;

/// A patch is near-blank when its luminance (Rec. 601, 0..255) has a standard deviation below this
/// and a mean above [`BLANK_MEAN`]: empty glass, not dark or evenly stained tissue.
const BLANK_STD: f64 = 6.0;
const BLANK_MEAN: f64 = 215.0;

/// How closely to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InspectOptions {
    /// Decode every image as well; finds damage behind the header and blank patches, and gives
    /// the sums that normalisation needs.
    pub decode: bool,
    /// Bounds on each image.
    pub limits: DecodeLimits,
    /// Whether all images will be resized to one size, so that other sizes are no problem.
    pub sizes_may_differ: bool,
}

/// One readable image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageInfo {
    /// The patch.
    pub key: String,
    /// Its file.
    pub path: String,
    /// Width.
    pub width_px: usize,
    /// Height.
    pub height_px: usize,
    /// Channels and depth.
    pub mode: PixelMode,
    /// Format by content.
    pub format: PatchFormat,
    /// EXIF orientation other than 1; reported, not applied.
    pub exif_orientation: Option<u8>,
    /// Whether an ICC profile is embedded; reported, not applied.
    pub has_icc: bool,
    /// Pixel sums, when the image was decoded.
    pub sums: Option<ImageSums>,
}

/// Everything the scan found, in key order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Number of patches in the manifest.
    pub patches: usize,
    /// Every image that could be read.
    pub images: Vec<ImageInfo>,
    /// Every problem of every image.
    pub problems: Vec<Problem>,
    /// Patches by class and part.
    pub classes: Vec<ClassCount>,
    /// Distinct patients, slides and groups.
    pub groups: GroupCounts,
    /// The most frequent size (width, height).
    pub usual_size_px: Option<(usize, usize)>,
    /// Facts that need no action.
    pub notes: Vec<String>,
}

impl Inspection {
    /// Keys of the images that cannot be used, for [`Manifest::without`]. With
    /// `other_sizes_too`, images of an unusual size count as unusable.
    pub fn bad_keys(&self, other_sizes_too: bool) -> BTreeSet<String> {
        self.problems
            .iter()
            .filter(|problem| {
                problem.kind.is_bad() || (other_sizes_too && problem.kind == ProblemKind::OtherSize)
            })
            .map(|problem| problem.key.clone())
            .collect()
    }
}

/// Reads the header of every image in parallel, and decodes each when asked.
///
/// Never fails: an image that cannot be read becomes a [`Problem`], and all the others are still
/// looked at. `progress` gets the number done and the number in all, from any thread.
pub fn inspect(
    manifest: &Manifest,
    options: &InspectOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Inspection {
    let done = AtomicU64::new(0);
    let total = manifest.patches.len() as u64;
    let looked: Vec<(Option<ImageInfo>, Option<Problem>)> = manifest
        .patches
        .par_iter()
        .map(|patch| {
            let found = look(patch, options);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            found
        })
        .collect();
    let (images, problems): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
    let images: Vec<ImageInfo> = images.into_iter().flatten().collect();
    let mut problems: Vec<Problem> = problems.into_iter().flatten().collect();
    let usual_size_px = usual_size(&images);
    if let (Some(usual), false) = (usual_size_px, options.sizes_may_differ) {
        problems.extend(other_sizes(&images, usual));
        problems.sort_by(|a, b| (&a.key, a.kind).cmp(&(&b.key, b.kind)));
    }
    let mut notes = manifest.notes.clone();
    notes.extend(notes_on(&images));
    Inspection {
        patches: manifest.patches.len(),
        images,
        problems,
        classes: class_counts(manifest),
        groups: group_counts(manifest),
        usual_size_px,
        notes,
    }
}

fn look(patch: &Patch, options: &InspectOptions) -> (Option<ImageInfo>, Option<Problem>) {
    let header = match read_header(&patch.path, &options.limits) {
        Ok(header) => header,
        Err(error) => return (None, Some(failed(patch, &error))),
    };
    if !options.decode {
        return (Some(info(patch, &header, None)), None);
    }
    match decode_rgb(&patch.path, &options.limits) {
        Err(error) => (None, Some(failed(patch, &error))),
        Ok(pixels) => {
            let sums = ImageSums::of(&pixels);
            let blank = blank_problem(patch, &pixels);
            (Some(info(patch, &header, Some(sums))), blank)
        }
    }
}

fn info(patch: &Patch, header: &Header, sums: Option<ImageSums>) -> ImageInfo {
    ImageInfo {
        key: patch.key.clone(),
        path: patch.path.display().to_string(),
        width_px: header.width_px,
        height_px: header.height_px,
        mode: header.mode,
        format: header.format,
        exif_orientation: header.exif_orientation,
        has_icc: header.has_icc,
        sums,
    }
}

fn failed(patch: &Patch, error: &DecodeError) -> Problem {
    problem(patch, ProblemKind::of(error), error.to_string())
}

fn problem(patch: &Patch, kind: ProblemKind, message: String) -> Problem {
    Problem {
        key: patch.key.clone(),
        path: patch.path.display().to_string(),
        kind,
        message,
        fix: kind.fix().to_owned(),
    }
}

fn blank_problem(patch: &Patch, pixels: &RgbPatch) -> Option<Problem> {
    let (mean, std) = luminance(pixels);
    (std < BLANK_STD && mean > BLANK_MEAN).then(|| {
        let message = format!(
            "{} is nearly blank: luminance mean {mean:.1} and standard deviation {std:.1}, where \
             tissue has at most {BLANK_MEAN} or at least {BLANK_STD}",
            patch.key
        );
        problem(patch, ProblemKind::NearBlank, message)
    })
}

/// Mean and population standard deviation of `0.299 R + 0.587 G + 0.114 B`.
fn luminance(pixels: &RgbPatch) -> (f64, f64) {
    let (mut n, mut sum, mut sum_sq) = (0_u64, 0_u64, 0_u64);
    for [r, g, b] in pixels.pixels.as_chunks::<3>().0 {
        let value = 299 * u64::from(*r) + 587 * u64::from(*g) + 114 * u64::from(*b);
        n += 1;
        sum += value;
        sum_sq += value * value;
    }
    let mean = sum as f64 / n as f64;
    let variance = (sum_sq as f64 / n as f64 - mean * mean).max(0.0);
    (mean / 1000.0, variance.sqrt() / 1000.0)
}

fn notes_on(images: &[ImageInfo]) -> Vec<String> {
    let turned = images
        .iter()
        .filter(|image| image.exif_orientation.is_some())
        .count();
    let icc = images.iter().filter(|image| image.has_icc).count();
    let renamed = images
        .iter()
        .filter(|image| PatchFormat::of_ending(image.path.as_ref()) != Some(image.format))
        .count();
    [
        (turned, "with an EXIF orientation, which is not applied"),
        (icc, "with an ICC profile, which is not applied"),
        (
            renamed,
            "whose ending is not that of its format; the content decides",
        ),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{} {what}", crate::listed::counted(n, "image", "images")))
    .collect()
}
