//! Patches from folder to array: manifests, decoding, inspection, folds, statistics and phantoms.
//!
//! - [`read_manifest`] turns a folder or a CSV file into a [`Manifest`]: every patch with its key,
//!   class, patient, slide, group and split.
//! - [`inspect()`] reads every image's header in parallel and lists all problems at once.
//! - [`decode_rgb`] decodes one image to 8-bit RGB within [`DecodeLimits`]; [`resize()`] changes its
//!   size by a named filter, and only when asked.
//! - [`split()`] makes [`Folds`]: stratified, grouped, repeated, hold-out or predefined.
//! - [`ImageSums`] and [`channel_statistics`] give a [`Normalisation`] over any subset of patches.
//! - [`Augmentation`] changes patches at random.
//! - [`write_phantom`] makes a synthetic H&E-like set for demonstrations and tests.
//!
//! Pixels are plain arrays, interleaved `u8` (HWC) in [`RgbPatch`]. Nothing here prints; progress is
//! a callback.

pub use eosin_core::config::{GroupBy, ResizeFilter, ResizePolicy, StatisticsKind};

pub mod augment;
mod decode;
mod ingest;
mod inspect;
mod listed;
mod manifest;
mod phantom;
mod resize;
mod split;
mod stats;

pub use augment::Augmentation;
pub use decode::{
    DecodeError, DecodeLimits, Header, PatchFormat, PixelMode, RgbPatch, decode_rgb,
    decode_rgb_bytes, read_header,
};
pub use ingest::{IngestError, IngestOptions, read_manifest};
pub use inspect::{
    ClassCount, GroupCounts, ImageInfo, InspectOptions, Inspection, Problem, ProblemKind, inspect,
};
pub use manifest::{Layout, Manifest, Patch, SplitCounts};
pub use phantom::{
    PhantomError, PhantomOptions, PhantomPosition, PhantomSummary, phantom_patch, write_phantom,
};
pub use resize::{ResizeError, ResizeSpec, resize};
pub use split::{
    Fold, FoldIndices, Folds, SplitError, SplitMethod, SplitOptions, SplitWarning, split,
};
pub use stats::{ImageSums, Normalisation, StatisticsError, channel_statistics};
