//! From a file's bytes to the pixels that a network sees.

use eosin_core::Preprocess;
use eosin_core::config::DataConfig;
use eosin_data::{
    DecodeLimits, PatchSource, Patches, Resize, ResizeSpec, RgbPatch, StainNormaliser, Unchanged,
    decode_rgb_bytes, resize,
};

use crate::error::TrainError;
use crate::input::stain_fit::stain_of_preprocess;

/// How a patch becomes the pixels that a network sees.
#[derive(Clone, Copy, Debug)]
pub struct PatchReader {
    /// What is too large or too small to decode.
    pub limits: DecodeLimits,
    /// What gives a patch another stain as it lies on disk, before it is resized.
    pub stain: Option<StainNormaliser>,
    /// How patches are brought to the network's size; `None`: they must have it already.
    pub resize: Option<Resize>,
    /// Side that the network is run at.
    pub size_px: usize,
}

/// The limits of decoding, with the configured longest side.
pub fn decode_limits(max_side_px: usize) -> DecodeLimits {
    DecodeLimits {
        max_side_px,
        ..DecodeLimits::default()
    }
}

/// How `data` asks patches to be resized.
pub fn resize_of(data: &DataConfig) -> Option<Resize> {
    data.size_px.map(|_| resize_between_sizes(data))
}

/// How `data` has patches brought to sizes that none of them has.
pub const fn resize_between_sizes(data: &DataConfig) -> Resize {
    Resize {
        filter: data.resize,
        non_square: data.non_square,
    }
}

impl PatchReader {
    /// Reads patches as `preprocess` says.
    ///
    /// # Errors
    /// When it names a stain that another version of eosin made.
    pub fn new(preprocess: &Preprocess, limits: DecodeLimits) -> Result<Self, TrainError> {
        Ok(Self {
            limits,
            stain: stain_of_preprocess(preprocess)?,
            resize: preprocess.resize,
            size_px: preprocess.size_px,
        })
    }

    /// Reads and decodes one patch, gives it its stain, and resizes it.
    ///
    /// # Errors
    /// When it cannot be read or decoded, or has another size and no resizing was asked for.
    pub fn read(&self, source: &PatchSource) -> Result<RgbPatch, TrainError> {
        self.decode(&source.to_string(), &source.read()?)
    }

    /// As [`read`](Self::read) of the content of an image file; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn decode(&self, name: &str, bytes: &[u8]) -> Result<RgbPatch, TrainError> {
        let mut patch = decode_rgb_bytes(bytes, name, &self.limits)?;
        self.stain(&mut patch);
        self.fit(name, patch)
    }

    /// Gives a decoded patch, as it lies on disk, its stain; says why it keeps its own.
    pub fn stain(&self, patch: &mut RgbPatch) -> Option<Unchanged> {
        self.stain.and_then(|stain| stain.apply(patch).err())
    }

    /// Gives decoded pixels the network's size.
    ///
    /// # Errors
    /// When they have another and no resizing was asked for, or they cannot be resized.
    pub fn fit(&self, name: &str, patch: RgbPatch) -> Result<RgbPatch, TrainError> {
        let Some(how) = self.resize else {
            return self.refuse_other_size(name, patch);
        };
        let spec = ResizeSpec {
            size_px: self.size_px,
            filter: how.filter,
            policy: how.non_square,
        };
        resize(patch, spec).map_err(|source| TrainError::Resize {
            name: name.to_owned(),
            source,
        })
    }

    fn refuse_other_size(&self, name: &str, patch: RgbPatch) -> Result<RgbPatch, TrainError> {
        if (patch.width_px, patch.height_px) == (self.size_px, self.size_px) {
            return Ok(patch);
        }
        Err(TrainError::Size {
            name: name.to_owned(),
            width_px: patch.width_px,
            height_px: patch.height_px,
            expected_px: self.size_px,
        })
    }
}

/// Some patches of a set, as a network sees them: row by row.
#[derive(Clone, Copy, Debug)]
pub struct RowReader<'a> {
    /// The set.
    pub patches: &'a Patches,
    /// Place of each row in it.
    pub places: &'a [usize],
    /// How they are read.
    pub reader: PatchReader,
}

impl RowReader<'_> {
    /// The pixels of a row.
    ///
    /// # Errors
    /// When the patch changed since it was inspected, or cannot be given the network's size.
    pub fn read(&self, row: usize) -> Result<RgbPatch, TrainError> {
        let place = self.places[row];
        let bytes = self.patches.bytes(place)?;
        self.reader.decode(&self.patches.name(place), &bytes)
    }
}
