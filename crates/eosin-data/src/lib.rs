//! Patches from folder to array: manifests, decoding, inspection, folds, statistics and phantoms.
//!
//! - [`read_manifest`] turns a folder or a CSV file into a [`Manifest`]: every patch with its key,
//!   class, patient, slide, group and split.
//! - [`inspect()`] reads every image once, in parallel, and lists all problems at once; what it found
//!   of each ([`Content`]) makes the manifest into [`Patches`], which know their bytes by hash.
//! - [`decode_rgb`] decodes one image to 8-bit RGB within [`DecodeLimits`]; [`resize()`] changes its
//!   size by a named filter, and only when asked.
//! - [`split()`] makes [`Folds`]: stratified, grouped, repeated, hold-out or predefined.
//! - [`ImageSums`] and [`channel_statistics`] give a [`Normalisation`] over any subset of patches.
//! - [`StainNormaliser`] gives patches the stain of others.
//! - [`Augmentation`] changes patches at random.
//! - [`write_phantom`] makes a synthetic H&E-like set for demonstrations and tests.
//!
//! Pixels are plain arrays, interleaved `u8` (HWC) in [`RgbPatch`]. Nothing here prints; progress is
//! a callback.
//!
//! ```
//! use std::collections::BTreeSet;
//! use eosin_data::{
//!     InspectOptions, IngestOptions, NoLedger, Patches, PhantomOptions, SplitOptions, inspect,
//!     read_manifest, split, write_phantom,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let data = folder.path().join("patches");
//! let few = PhantomOptions { patients: 4, patches_per_slide: 3, ..PhantomOptions::default() };
//! write_phantom(&data, &few, &|_, _| ())?;
//! let manifest = read_manifest(&data, &IngestOptions::default())?;
//! let options = InspectOptions { decode: true, ..InspectOptions::default() };
//! let found = inspect(&manifest, &options, &NoLedger, &|_, _| ());
//! assert!(found.inspection.problems.is_empty());
//! let patches = Patches::new(&manifest, found.contents, &BTreeSet::new());
//! let (folds, _) = split(patches.manifest(), &SplitOptions { k: 2, ..SplitOptions::default() })?;
//! // Patients never cross folds, which `resolve` holds them to.
//! assert_eq!(folds.resolve(patches.manifest())?.len(), 2);
//! # Ok(())
//! # }
//! ```

pub use eosin_core::config::{GroupBy, ResizeFilter, ResizePolicy, StatisticsKind};
pub use eosin_core::{Normalisation, Resize};

pub mod augment;
mod decode;
mod ingest;
mod inspect;
mod listed;
mod manifest;
pub mod matching;
mod patches;
mod phantom;
mod resize;
mod split;
mod stain;
mod stats;
pub mod table;

pub use augment::Augmentation;
pub use decode::{
    DecodeError, DecodeLimits, Header, PatchFormat, PixelMode, RgbPatch, decode_rgb,
    decode_rgb_bytes, read_header, read_header_bytes,
};
pub use ingest::{
    ImagesFound, IngestError, IngestOptions, PICTURE_MARK, Reading, Spelling, TableReading,
    find_images, likeness, read_manifest,
};
pub use inspect::{
    ClassCount, GroupCounts, ImageInfo, InspectOptions, Inspected, Inspection, Problem,
    ProblemKind, inspect,
};
pub use manifest::{Layout, Manifest, Patch, PatchColumn, PatchSource, SplitCounts};
pub use patches::{Content, ContentHash, Ledger, NoLedger, PatchFacts, Patches};
pub use phantom::{
    PhantomError, PhantomOptions, PhantomPosition, PhantomSummary, phantom_patch, phantom_stains,
    write_phantom,
};
pub use resize::{ResizeError, ResizeSpec, resize};
pub use split::{
    Division, Fold, FoldIndices, Folds, Proof, SplitError, SplitMethod, SplitOptions, SplitWarning,
    split,
};
pub use stain::{
    ColourStatistics, StainNormaliser, StainTarget, Stained, Unchanged, UnknownStain, haematoxylin,
    stain_of,
};
pub use stats::{ImageSums, StatisticsError, channel_statistics};
