//! The parallel scan.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::contradictions::contradictions;
use super::counts::{class_counts, group_counts};
use super::shortcuts::{narrow, shortcut_notes};
use super::size::{other_sizes, usual_size};
use super::{ClassCount, GroupCounts, Problem, ProblemKind};
use crate::decode::{
    DecodeError, DecodeLimits, Header, PatchFormat, PixelMode, read_header, read_header_bytes,
};
use crate::manifest::{Manifest, Patch};
use crate::patches::{Content, Kept, Ledger, PatchFacts};
use crate::stats::ImageSums;

/// A patch is near-blank when its luminance (Rec. 601, 0..255) has a standard deviation below this
/// and a mean above [`BLANK_MEAN`]: empty glass, not dark or evenly stained tissue.
const BLANK_STD: f64 = 6.0;
const BLANK_MEAN: f64 = 215.0;

/// How closely to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InspectOptions {
    /// Read and decode every image as well; finds damage behind the header and blank patches, and
    /// gives [`Content`]s.
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
    /// Pages or frames, of which the first is read.
    pub pages: u32,
    /// The quality that a JPEG's tables stand for.
    pub jpeg_quality: Option<u8>,
    /// The largest value of a colour in the file's own depth, when the image was decoded.
    pub peak: Option<u16>,
    /// BLAKE3 of the file, hexadecimal, when the image was decoded.
    pub hash: Option<String>,
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

/// What the scan found, and what it read.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What was found.
    pub inspection: Inspection,
    /// The content of each patch, in the manifest's order; `None` where it cannot be used or was
    /// not decoded.
    pub contents: Vec<Option<Content>>,
}

/// What looking at one patch gave.
#[derive(Default)]
struct Looked {
    image: Option<ImageInfo>,
    problem: Option<Problem>,
    content: Option<Content>,
}

/// Reads every image in parallel, each once, and decodes what `ledger` does not know yet; or reads
/// headers only, when `options` say so.
///
/// Never fails: an image that cannot be read becomes a [`Problem`], and all the others are still
/// looked at. `progress` gets the number done and the number in all, from any thread.
pub fn inspect(
    manifest: &Manifest,
    options: &InspectOptions,
    ledger: &dyn Ledger,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Inspected {
    let done = AtomicU64::new(0);
    let total = manifest.patches.len() as u64;
    let kept = Kept::new();
    let looked = manifest.patches.par_iter().map(|patch| {
        let found = if options.decode {
            look(patch, &options.limits, ledger, &kept)
        } else {
            look_at_header(patch, &options.limits)
        };
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        found.unwrap_or_else(|error| Looked {
            problem: Some(failed(patch, &error)),
            ..Looked::default()
        })
    });
    let (mut images, mut problems, mut contents) = (Vec::new(), Vec::new(), Vec::new());
    for found in looked.collect::<Vec<_>>() {
        images.extend(found.image);
        problems.extend(found.problem);
        contents.push(found.content);
    }
    let usual_size_px = usual_size(&images);
    if let (Some(usual), false) = (usual_size_px, options.sizes_may_differ) {
        problems.extend(other_sizes(&images, usual));
    }
    let narrow = narrow(manifest, &images);
    problems.extend(narrow.problems);
    problems.sort_by(|a, b| (&a.key, a.kind).cmp(&(&b.key, b.kind)));
    let mut notes = manifest.notes.clone();
    notes.extend(contradictions(manifest, &images));
    notes.extend(notes_on(&images));
    notes.extend(narrow.notes);
    notes.extend(shortcut_notes(manifest, &images));
    let inspection = Inspection {
        patches: manifest.patches.len(),
        images,
        problems,
        classes: class_counts(manifest),
        groups: group_counts(manifest),
        usual_size_px,
        notes,
    };
    Inspected {
        inspection,
        contents,
    }
}

fn look_at_header(patch: &Patch, limits: &DecodeLimits) -> Result<Looked, DecodeError> {
    let header = match patch.source.file() {
        Some(path) => read_header(path, limits)?,
        None => read_header_bytes(&patch.source.read()?, &patch.source.to_string(), limits)?,
    };
    Ok(Looked {
        image: Some(info(patch, &header, None)),
        ..Looked::default()
    })
}

fn look(
    patch: &Patch,
    limits: &DecodeLimits,
    ledger: &dyn Ledger,
    kept: &Kept,
) -> Result<Looked, DecodeError> {
    let name = patch.source.to_string();
    let bytes = patch.source.read()?;
    let hash = *blake3::hash(&bytes).as_bytes();
    let facts = if let Some(facts) = ledger.get(&hash) {
        facts.check(&name, limits)?;
        facts
    } else {
        let facts = PatchFacts::of(&bytes, &name, limits)?;
        ledger.put(&hash, &facts);
        facts
    };
    let content = Content {
        hash,
        facts,
        bytes: kept.keep(bytes),
    };
    Ok(Looked {
        image: Some(info(patch, &facts.header, Some(&content))),
        problem: blank_problem(patch, &facts),
        content: Some(content),
    })
}

fn info(patch: &Patch, header: &Header, content: Option<&Content>) -> ImageInfo {
    ImageInfo {
        key: patch.key.clone(),
        path: patch.source.to_string(),
        width_px: header.width_px,
        height_px: header.height_px,
        mode: header.mode,
        format: header.format,
        exif_orientation: header.exif_orientation,
        has_icc: header.has_icc,
        pages: header.pages,
        jpeg_quality: header.jpeg_quality,
        peak: content.map(|content| content.facts.peak),
        hash: content.map(|content| blake3::Hash::from(content.hash).to_hex().to_string()),
        sums: content.map(|content| content.facts.sums),
    }
}

fn failed(patch: &Patch, error: &DecodeError) -> Problem {
    // What stands last in an error is what to do about it.
    let text = error.to_string();
    let kind = ProblemKind::of(error);
    let (message, fix) = text.rsplit_once("; ").unwrap_or((&text, kind.fix()));
    Problem {
        fix: fix.to_owned(),
        ..problem(patch, kind, message.to_owned())
    }
}

fn problem(patch: &Patch, kind: ProblemKind, message: String) -> Problem {
    Problem {
        key: patch.key.clone(),
        path: patch.source.to_string(),
        kind,
        message,
        fix: kind.fix().to_owned(),
    }
}

fn blank_problem(patch: &Patch, facts: &PatchFacts) -> Option<Problem> {
    let (mean, std) = facts.luminance();
    (std < BLANK_STD && mean > BLANK_MEAN).then(|| {
        let message = format!(
            "{} is nearly blank: luminance mean {mean:.1} and standard deviation {std:.1}, where \
             tissue has at most {BLANK_MEAN} or at least {BLANK_STD}",
            patch.key
        );
        problem(patch, ProblemKind::NearBlank, message)
    })
}

fn notes_on(images: &[ImageInfo]) -> Vec<String> {
    let turned = images
        .iter()
        .filter(|image| image.exif_orientation.is_some())
        .count();
    let paged = images.iter().filter(|image| image.pages > 1).count();
    let icc = images.iter().filter(|image| image.has_icc).count();
    let renamed = images
        .iter()
        .filter(|image| PatchFormat::of_ending(image.path.as_ref()) != Some(image.format))
        .count();
    [
        (turned, "with an EXIF orientation, which is not applied"),
        (
            paged,
            "with several pages or frames, of which the first is read",
        ),
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
