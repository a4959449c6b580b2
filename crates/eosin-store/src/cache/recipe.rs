//! What an embedding depends on, and the name that follows from it.

use eosin_core::config::CacheDtype;
use eosin_core::{BackboneName, Preprocess};
use serde::{Deserialize, Serialize};

use super::error::CacheError;

/// The hash of an image file's bytes: BLAKE3, 32 bytes.
pub type ImageHash = [u8; 32];

/// One view of one image: what a record is found by.
///
/// Symmetries of the square are the views `D4::index`; where a recipe says how random views are
/// drawn, views are numbered in that stream. Which views of an image are there is no part of the
/// recipe, so whoever wants some of them shares what others computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewKey {
    /// The image.
    pub image: ImageHash,
    /// The view, from 0: the image as it is, or the first random one.
    pub view: u32,
}

impl ViewKey {
    /// The image as it is, or its first random view.
    pub const fn first(image: ImageHash) -> Self {
        Self { image, view: 0 }
    }
}

/// Enters every id: raise it when the same recipe begins to mean other values or another format.
const ID_DOMAIN: &[u8] = b"eosin embedding recipe 2\n";

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

/// Everything that an embedding depends on except the image and the view of it.
///
/// Floating-point numbers are written with the digits that give back the same bits, so that equal
/// recipes have equal text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Version of the decoder: raised when the same file begins to give other pixels.
    pub decode_version: u32,
    /// What happens to the decoded image before the network sees it.
    pub preprocess: Preprocess,
    /// The architecture.
    pub backbone: BackboneName,
    /// Hash of the weights, hex.
    pub weights_hash: String,
    /// Where the network is cut, such as `features`.
    pub cut: String,
    /// How values are stored.
    pub dtype: CacheDtype,
    /// How random views are drawn (augmentation and seed); `None`: views are symmetries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<String>,
    /// What computes the network and its version: other kernels round otherwise.
    pub kernels: String,
}

impl Recipe {
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
    pub(super) fn check(width: usize) -> Result<(), CacheError> {
        if (1..=1 << 24).contains(&width) {
            return Ok(());
        }
        Err(CacheError::Recipe {
            what: "width",
            got: width,
            expected: "from 1 to 16777216",
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use eosin_core::config::{ResizeFilter, ResizePolicy};
    use eosin_core::{Normalisation, Resize};

    use super::*;

    const BILINEAR: Resize = Resize {
        filter: ResizeFilter::Bilinear,
        non_square: ResizePolicy::Square,
    };

    pub(in crate::cache) fn sample() -> Recipe {
        Recipe {
            decode_version: 1,
            preprocess: Preprocess {
                size_px: 96,
                resize: Some(BILINEAR),
                stain: None,
                mpp: None,
                scale: Normalisation {
                    mean: [0.5, 0.25, 0.125],
                    std: [0.1, 0.2, 0.3],
                },
            },
            backbone: BackboneName::EosinMini,
            weights_hash: "00ff".to_owned(),
            cut: "features".to_owned(),
            dtype: CacheDtype::F32,
            views: None,
            kernels: "flex 1".to_owned(),
        }
    }

    #[test]
    fn every_changed_ingredient_gives_another_id() {
        let changes: [fn(&mut Recipe); 16] = [
            |_| {},
            |r| r.decode_version = 2,
            |r| r.preprocess.size_px = 97,
            |r| r.preprocess.resize = None,
            |r| {
                r.preprocess.resize = Some(Resize {
                    filter: ResizeFilter::Area,
                    ..BILINEAR
                });
            },
            |r| {
                r.preprocess.resize = Some(Resize {
                    non_square: ResizePolicy::Pad,
                    ..BILINEAR
                });
            },
            |r| r.preprocess.scale.mean[1] = 0.25_f32.next_up(),
            |r| r.preprocess.scale.std[2] = 0.3_f32.next_up(),
            |r| r.preprocess.stain = Some("macenko".to_owned()),
            |r| r.preprocess.mpp = Some(0.5),
            |r| r.backbone = BackboneName::ResNet18,
            |r| r.weights_hash.push('0'),
            |r| r.cut = "stage4".to_owned(),
            |r| r.dtype = CacheDtype::F16,
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
        assert_eq!(id, "0a1031a7aba4a640f4d7db3ee27d049f");
    }

    #[test]
    fn embeddings_without_values_are_refused() {
        let error = Recipe::check(0).unwrap_err().to_string();
        assert_eq!(error, "recipe has width 0; it must be from 1 to 16777216");
    }
}
