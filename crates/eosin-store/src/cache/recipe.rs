//! What an embedding depends on, and the name that follows from it.

use eosin_core::BackboneName;
use eosin_core::config::{CacheDtype, ResizeFilter, ResizePolicy};
use serde::{Deserialize, Serialize};

use super::error::CacheError;

/// The hash of an image file's bytes: BLAKE3, 32 bytes.
pub type ImageHash = [u8; 32];

/// Enters every id: raise it when the same recipe begins to mean other values or another format.
const ID_DOMAIN: &[u8] = b"eosin embedding recipe 1\n";

/// Hashes an image file's bytes: the key of its embeddings.
pub fn image_hash(bytes: &[u8]) -> ImageHash {
    *blake3::hash(bytes).as_bytes()
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Everything that an embedding depends on except the image.
///
/// Floating-point numbers are held as bits, so that equal recipes have equal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Version of the decoder: raised when the same file begins to give other pixels.
    pub decode_version: u32,
    /// Side in pixels that patches are resized to; `None`: as they are.
    pub size_px: Option<usize>,
    /// Interpolation, when patches are resized.
    pub resize: Option<ResizeFilter>,
    /// What is done with a patch that is not square, when patches are resized.
    pub non_square: Option<ResizePolicy>,
    /// Bits of the channel means.
    pub mean_bits: [u32; 3],
    /// Bits of the channel standard deviations.
    pub std_bits: [u32; 3],
    /// Stain method with its fitted parameters, when there is one.
    pub stain: Option<String>,
    /// The architecture.
    pub backbone: BackboneName,
    /// Hash of the weights, hex.
    pub weights_hash: String,
    /// Where the network is cut, such as `features`.
    pub cut: String,
    /// How values are stored.
    pub dtype: CacheDtype,
    /// Embeddings per image: 1, 8 for all symmetries of the square, or the number of random views.
    pub symmetries: usize,
    /// How random views are drawn (augmentation and seed), where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<String>,
    /// What computes the network and its version: other kernels round otherwise.
    pub kernels: String,
}

impl Recipe {
    /// The bits of a channel triple, for `mean_bits` and `std_bits`.
    pub fn bits(channels: [f32; 3]) -> [u32; 3] {
        channels.map(f32::to_bits)
    }

    /// The name of the entry: the first 32 hexadecimal digits of the BLAKE3 hash of the canonical
    /// JSON form. Any changed ingredient gives another.
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(ID_DOMAIN);
        hasher.update(self.to_json().as_bytes());
        hex(&hasher.finalize().as_bytes()[..16])
    }

    /// The canonical JSON form: fields in the order of declaration, no blanks.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a recipe has a JSON form")
    }

    /// Refuses what no file can hold.
    pub(super) fn check(&self, width: usize) -> Result<(), CacheError> {
        let range = |ok: bool, what, got, expected| {
            if ok {
                Ok(())
            } else {
                Err(CacheError::Recipe {
                    what,
                    got,
                    expected,
                })
            }
        };
        let symmetries = self.symmetries;
        if self.views.is_some() {
            let ok = (1..=4096).contains(&symmetries);
            range(ok, "views", symmetries, "from 1 to 4096")?;
        } else {
            let ok = symmetries == 1 || symmetries == 8;
            range(ok, "symmetries", symmetries, "1 or 8")?;
        }
        let ok = (1..=1 << 24).contains(&width);
        range(ok, "width", width, "from 1 to 16777216")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::cache) fn sample() -> Recipe {
        Recipe {
            decode_version: 1,
            size_px: Some(96),
            resize: Some(ResizeFilter::Bilinear),
            non_square: Some(ResizePolicy::Square),
            mean_bits: Recipe::bits([0.5, 0.25, 0.125]),
            std_bits: Recipe::bits([0.1, 0.2, 0.3]),
            stain: None,
            backbone: BackboneName::EosinMini,
            weights_hash: "00ff".to_owned(),
            cut: "features".to_owned(),
            dtype: CacheDtype::F32,
            symmetries: 8,
            views: None,
            kernels: "flex 1".to_owned(),
        }
    }

    #[test]
    fn every_changed_ingredient_gives_another_id() {
        let changes: [fn(&mut Recipe); 16] = [
            |_| {},
            |r| r.decode_version = 2,
            |r| r.size_px = Some(97),
            |r| r.size_px = None,
            |r| r.resize = Some(ResizeFilter::Area),
            |r| r.non_square = Some(ResizePolicy::Pad),
            |r| r.mean_bits[1] ^= 1,
            |r| r.std_bits[2] ^= 1,
            |r| r.stain = Some("macenko".to_owned()),
            |r| r.backbone = BackboneName::ResNet18,
            |r| r.weights_hash.push('0'),
            |r| r.cut = "stage4".to_owned(),
            |r| r.dtype = CacheDtype::F16,
            |r| r.symmetries = 1,
            |r| r.views = Some("seed 1".to_owned()),
            |r| r.kernels = "flex 2".to_owned(),
        ];
        let ids: std::collections::BTreeSet<String> = changes
            .iter()
            .map(|change| {
                let mut recipe = sample();
                change(&mut recipe);
                recipe.id()
            })
            .collect();
        assert_eq!(ids.len(), changes.len());
    }

    #[test]
    fn an_id_is_the_same_in_every_build() {
        let id = sample().id();
        assert_eq!(id.len(), 32);
        let back: Recipe = serde_json::from_str(&sample().to_json()).unwrap();
        assert_eq!(back.id(), id);
        assert_eq!(id, "612b2fc9b7d1763b8d280d044605599a");
    }

    #[test]
    fn a_number_of_symmetries_that_is_no_orbit_is_refused() {
        let mut recipe = sample();
        recipe.symmetries = 4;
        let error = recipe.check(10).unwrap_err().to_string();
        assert_eq!(error, "recipe has symmetries 4; it must be 1 or 8");
        assert!(sample().check(0).is_err());
    }
}
