//! Tensors to the bytes of a safetensors file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use half::{bf16, f16};
use serde_json::{Map, Value, json};

use crate::lazy::{LazyTensor, pieces};
use crate::state::StateDict;

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredAs {
    /// Four bytes a value.
    F32,
    /// Two bytes a value, rounded to nearest.
    F16,
    /// Two bytes a value with the range of F32, rounded to nearest.
    Bf16,
}

impl StoredAs {
    const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
        }
    }

    /// Bytes that a value takes.
    pub const fn value_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Appends the values' bytes.
    pub fn append(self, values: &[f32], bytes: &mut Vec<u8>) {
        let values = values.iter();
        match self {
            Self::F32 => bytes.extend(values.flat_map(|v| v.to_le_bytes())),
            Self::F16 => bytes.extend(values.flat_map(|v| f16::from_f32(*v).to_le_bytes())),
            Self::Bf16 => bytes.extend(values.flat_map(|v| bf16::from_f32(*v).to_le_bytes())),
        }
    }
}

/// Writes a safetensors file with these tensors and notes. Tensors are read piece by piece.
///
/// Written here and not by the `safetensors` crate because its notes are a hash map, whose order
/// differs from run to run: the same weights must give the same bytes.
///
/// # Errors
/// When a tensor cannot be read, with [`WeightsError`](crate::WeightsError) as the cause, or `out`
/// cannot be written.
pub fn write_safetensors<T: LazyTensor>(
    out: &mut (impl Write + ?Sized),
    tensors: &BTreeMap<String, T>,
    notes: &BTreeMap<String, String>,
    stored_as: StoredAs,
) -> io::Result<()> {
    out.write_all(&head(tensors, notes, stored_as))?;
    let mut bytes = Vec::new();
    for tensor in tensors.values() {
        for rows in pieces(tensor.rows(), tensor.row_values()) {
            bytes.clear();
            let values = tensor.read(rows).map_err(io::Error::other)?;
            stored_as.append(&values, &mut bytes);
            out.write_all(&bytes)?;
        }
    }
    Ok(())
}

/// What comes before the values: the header and its length.
fn head<T: LazyTensor>(
    tensors: &BTreeMap<String, T>,
    notes: &BTreeMap<String, String>,
    stored_as: StoredAs,
) -> Vec<u8> {
    let mut header = Map::new();
    if !notes.is_empty() {
        header.insert("__metadata__".to_owned(), json!(notes));
    }
    let mut start = 0;
    for (key, tensor) in tensors {
        let end = start + tensor.values() * stored_as.value_bytes();
        let place = json!({
            "dtype": stored_as.name(),
            "shape": tensor.shape(),
            "data_offsets": [start, end],
        });
        header.insert(key.clone(), place);
        start = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    // The format wants the body aligned to eight bytes; blanks behind the JSON are allowed.
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes
}

/// Length of the file that [`write_safetensors`] would write, in bytes.
pub fn safetensors_bytes<T: LazyTensor>(
    tensors: &BTreeMap<String, T>,
    notes: &BTreeMap<String, String>,
    stored_as: StoredAs,
) -> usize {
    let values: usize = tensors.values().map(LazyTensor::values).sum();
    head(tensors, notes, stored_as).len() + values * stored_as.value_bytes()
}

/// What [`write_safetensors`] writes, of tensors in memory.
///
/// # Panics
/// Never: they can be read.
pub fn to_safetensors(
    tensors: &StateDict,
    notes: &BTreeMap<String, String>,
    stored_as: StoredAs,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(safetensors_bytes(tensors, notes, stored_as));
    write_safetensors(&mut bytes, tensors, notes, stored_as).expect("they are in memory");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::WeightFile;
    use crate::state::StateTensor;

    #[test]
    fn a_file_gives_back_its_tensors_and_notes() {
        let tensor = |values: Vec<f32>| StateTensor {
            shape: vec![values.len(), 1],
            values,
        };
        let tensors = StateDict::from([
            ("fc.weight".to_owned(), tensor(vec![0.5, -2.0, 1.0e-3])),
            ("bn.bias".to_owned(), tensor(vec![1.0])),
        ]);
        let notes = BTreeMap::from([("classes".to_owned(), "a,\"b\"".to_owned())]);
        let bytes = to_safetensors(&tensors, &notes, StoredAs::F32);
        let file = WeightFile::parse("file", &bytes).unwrap();
        assert_eq!((&file.tensors, &file.metadata), (&tensors, &notes));
        let half = to_safetensors(&tensors, &notes, StoredAs::F16);
        let half = WeightFile::parse("file", &half).unwrap();
        assert_eq!(half.tensors["bn.bias"], tensors["bn.bias"]);
        assert!((half.tensors["fc.weight"].values[2] - 1.0e-3).abs() < 1e-6);
        let brain = to_safetensors(&tensors, &notes, StoredAs::Bf16);
        let brain = WeightFile::parse("file", &brain).unwrap();
        assert_eq!(brain.tensors["bn.bias"], tensors["bn.bias"]);
        assert!((brain.tensors["fc.weight"].values[2] - 1.0e-3).abs() < 1e-5);
    }
}
