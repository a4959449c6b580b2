//! The patches of a manifest, read once: every later look is by content.

mod facts;
mod kept;

use std::collections::BTreeSet;
use std::sync::Arc;

use eosin_core::Split;

pub use self::facts::{ContentHash, Ledger, NoLedger, PatchFacts};
pub(crate) use self::kept::Kept;
use crate::decode::{DecodeError, DecodeLimits, RgbPatch, decode_rgb_bytes};
use crate::manifest::Manifest;

/// What one reading of a patch left behind.
#[derive(Clone, Debug)]
pub struct Content {
    /// Hash of its bytes.
    pub hash: ContentHash,
    /// What they hold.
    pub facts: PatchFacts,
    /// The bytes themselves, as long as there is room for them.
    pub bytes: Option<Arc<[u8]>>,
}

/// The patches of a manifest with their contents, in the manifest's order.
///
/// Small sets stay in memory as files' bytes, so that each file is opened once; of large ones the
/// files are opened again when their pixels are wanted, and held to their hashes.
#[derive(Clone, Debug)]
pub struct Patches {
    manifest: Manifest,
    contents: Vec<Content>,
}

impl Patches {
    /// Joins a manifest with what [`inspect`](crate::inspect()) found, without the patches of the
    /// keys in `left_out`.
    ///
    /// # Panics
    /// When a patch that is not left out could not be read, or `contents` are another manifest's.
    pub fn new(
        manifest: &Manifest,
        contents: Vec<Option<Content>>,
        left_out: &BTreeSet<String>,
    ) -> Self {
        assert_eq!(
            manifest.patches.len(),
            contents.len(),
            "one content a patch"
        );
        let kept = manifest.patches.iter().zip(contents);
        let kept = kept.filter(|(patch, _)| !left_out.contains(&patch.key));
        let contents = kept
            .map(|(patch, content)| {
                content.unwrap_or_else(|| panic!("{} cannot be used and was kept", patch.key))
            })
            .collect();
        Self {
            manifest: manifest.without(left_out),
            contents,
        }
    }

    /// The same patches, those of these keys in another part.
    #[must_use]
    pub fn with_part(&self, keys: &BTreeSet<String>, part: Split) -> Self {
        let mut manifest = self.manifest.clone();
        for patch in &mut manifest.patches {
            if keys.contains(&patch.key) {
                patch.split = Some(part);
            }
        }
        Self {
            manifest,
            contents: self.contents.clone(),
        }
    }

    /// The same patches, each with the group of its place in `names`.
    ///
    /// # Panics
    /// When there are not as many names as patches.
    #[must_use]
    pub fn with_groups(&self, names: Vec<String>) -> Self {
        let mut manifest = self.manifest.clone();
        assert_eq!(names.len(), manifest.patches.len(), "one group a patch");
        for (patch, name) in manifest.patches.iter_mut().zip(names) {
            patch.group = Some(name);
        }
        Self {
            manifest,
            contents: self.contents.clone(),
        }
    }

    /// The patches' names, labels and groups.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hash of the bytes of the patch at `place`.
    pub fn hash(&self, place: usize) -> &ContentHash {
        &self.contents[place].hash
    }

    /// What the patch at `place` holds.
    pub fn facts(&self, place: usize) -> &PatchFacts {
        &self.contents[place].facts
    }

    /// What errors call the patch at `place`.
    pub fn name(&self, place: usize) -> String {
        self.manifest.patches[place].source.to_string()
    }

    /// The bytes of the patch at `place`: those that were inspected.
    ///
    /// # Errors
    /// When its file can no longer be read, or is another than it was.
    pub fn bytes(&self, place: usize) -> Result<Arc<[u8]>, DecodeError> {
        let content = &self.contents[place];
        if let Some(bytes) = &content.bytes {
            return Ok(Arc::clone(bytes));
        }
        let bytes = self.manifest.patches[place].source.read()?;
        if blake3::hash(&bytes) == content.hash {
            return Ok(bytes);
        }
        Err(DecodeError::Changed {
            name: self.name(place),
        })
    }

    /// The pixels of the patch at `place`, as it lies on disk.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and when the limits leave it out.
    pub fn decoded(&self, place: usize, limits: &DecodeLimits) -> Result<RgbPatch, DecodeError> {
        decode_rgb_bytes(&self.bytes(place)?, &self.name(place), limits)
    }

    /// BLAKE3 in hexadecimal over every key and content: equal for equal pixels under equal names,
    /// wherever they lie.
    pub fn content_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"eosin patches 1");
        for (patch, content) in self.manifest.patches.iter().zip(&self.contents) {
            hasher.update(&(patch.key.len() as u64).to_le_bytes());
            hasher.update(patch.key.as_bytes());
            hasher.update(&content.hash);
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Layout, Patch};
    use crate::{DecodeLimits, RgbPatch};

    /// One patch whose bytes found no room.
    fn large_set(path: &std::path::Path) -> Patches {
        let png = std::fs::read(path).unwrap();
        let facts = PatchFacts::of(&png, "p", &DecodeLimits::default()).unwrap();
        let content = Content {
            hash: *blake3::hash(&png).as_bytes(),
            facts,
            bytes: None,
        };
        let manifest = Manifest {
            root: path.parent().unwrap().into(),
            layout: Layout::CLASS_FOLDERS,
            classes: vec!["a".into()],
            patches: vec![Patch {
                key: "p".into(),
                source: path.to_owned().into(),
                class: Some(0),
                patient: None,
                slide: None,
                group: None,
                split: None,
                fold: None,
                site: None,
            }],
            notes: Vec::new(),
        };
        Patches::new(&manifest, vec![Some(content)], &BTreeSet::new())
    }

    fn write(path: &std::path::Path, colour: [u8; 3]) {
        let patch = RgbPatch::filled(8, 8, colour);
        image::RgbImage::from_raw(8, 8, patch.pixels)
            .unwrap()
            .save_with_format(path, image::ImageFormat::Png)
            .unwrap();
    }

    #[test]
    fn a_file_that_changed_since_it_was_inspected_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.png");
        write(&path, [200, 100, 150]);
        let patches = large_set(&path);
        assert_eq!(*patches.bytes(0).unwrap(), *std::fs::read(&path).unwrap());
        write(&path, [0, 0, 0]);
        let error = patches.bytes(0).unwrap_err().to_string();
        assert!(
            error.contains("p.png has changed since it was inspected"),
            "{error}"
        );
    }
}
