//! The header of a safetensors file alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::content::MAX_HEADER_BYTES;
use crate::error::WeightsError;
use crate::safetensors::{dtype_of, split};

/// What the header of a safetensors file says; no value is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafetensorsHead {
    /// The file's own notes.
    pub metadata: BTreeMap<String, String>,
    /// Shapes of the tensors of floating-point numbers.
    pub shapes: BTreeMap<String, Vec<usize>>,
}

impl SafetensorsHead {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or its header is malformed.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let failed = |source| WeightsError::Read {
            path: path.to_owned(),
            source,
        };
        let invalid = |reason| WeightsError::Safetensors {
            name: path.display().to_string(),
            reason,
        };
        let mut file = File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        let length = (&mut file)
            .take(8)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let told = bytes
            .first_chunk()
            .map_or(0, |told| u64::from_le_bytes(*told));
        let wanted = if length == 8 {
            told.min(MAX_HEADER_BYTES)
        } else {
            0
        };
        file.take(wanted).read_to_end(&mut bytes).map_err(failed)?;
        let (header, _) = split(&bytes).map_err(invalid)?;
        let mut shapes = BTreeMap::new();
        for (key, place) in header.places {
            if !dtype_of(&key, &place.dtype).map_err(invalid)?.is_integer() {
                shapes.insert(key, place.shape);
            }
        }
        Ok(Self {
            metadata: header.metadata,
            shapes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{StateDict, StateTensor};
    use crate::weights_out::{StoredAs, to_safetensors};

    /// What a file of these bytes says.
    fn opened(name: &str, bytes: &[u8]) -> Result<SafetensorsHead, String> {
        let path = std::env::temp_dir().join(format!("eosin-head-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let head = SafetensorsHead::open(&path).map_err(|error| error.to_string());
        // Best effort: it lies in the temporary folder.
        drop(std::fs::remove_file(&path));
        head
    }

    #[test]
    fn shapes_and_notes_are_read_without_values() {
        let tensor = StateTensor {
            shape: vec![2, 1],
            values: vec![0.5, f32::NAN],
        };
        let tensors = StateDict::from([("embeddings".to_owned(), tensor)]);
        let notes = BTreeMap::from([("keys".to_owned(), "[]".to_owned())]);
        let bytes = to_safetensors(&tensors, &notes, StoredAs::F16);
        // The values may even be gone.
        let head = opened("whole", &bytes[..bytes.len() - 4]).unwrap();
        assert_eq!(head.metadata, notes);
        assert_eq!(head.shapes["embeddings"], [2, 1]);
        let error = opened("cut", &bytes[..20]).unwrap_err();
        assert!(error.contains("only 12 follow its length"), "{error}");
        assert!(opened("empty", b"").is_err());
    }
}
