//! A `.npy` file, its values read when they are wanted.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::error::NpyError;
use super::header::parse;
use crate::error::WeightsError;
use crate::file::{bytes_kept, read_bytes};
use crate::lazy::LazyTensor;
use crate::stored::{InFile, InOrder, Keep as _};
use crate::strided::element_count;

/// A header is no longer than this; those of arrays of numbers have 128 bytes.
const HEADER_BYTES: u64 = 1 << 16;

/// The array of a `.npy` file. Its values stay on the disk, and are read as single precision.
#[derive(Clone, Debug)]
pub struct NpyFile {
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub hash: String,
    /// The array.
    pub array: Arc<dyn LazyTensor>,
}

impl NpyFile {
    /// What errors call the array.
    const NAME: &'static str = "array";

    /// The shape that a file's header tells; its values are not looked at.
    ///
    /// # Errors
    /// When it cannot be read, or is no array of floating-point numbers.
    pub fn shape(path: &Path) -> Result<Vec<usize>, WeightsError> {
        let failed = |source| WeightsError::Read {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(HEADER_BYTES)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let header = parse(&bytes).map_err(|reason| WeightsError::Npy {
            name: path.display().to_string(),
            reason,
        })?;
        Ok(header.shape)
    }

    /// Opens a file of floating-point numbers, which is read once, hashed and checked.
    ///
    /// # Errors
    /// When it cannot be read, is none such, is damaged, or holds a value that is not finite.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let (file, bytes, stamp) = read_bytes(path)?;
        let name = path.display().to_string();
        let invalid = |reason| WeightsError::Npy {
            name: name.clone(),
            reason,
        };
        let header = parse(&bytes).map_err(invalid)?;
        let elements = element_count(&header.shape);
        let elements = elements.map_err(|reason| invalid(NpyError::Shape(reason.to_string())))?;
        let expected = elements.saturating_mul(header.dtype.bytes());
        if expected != header.values.len() {
            return Err(invalid(NpyError::Length {
                expected,
                got: header.values.len(),
                shape: header.shape,
            }));
        }
        let kept = InFile { whole: &bytes }.in_order(InOrder {
            names: (&name, Self::NAME),
            dtype: header.dtype,
            shape: header.shape,
            bytes: header.values,
        })?;
        let hash = blake3::hash(&bytes).to_hex().to_string();
        let bytes = bytes_kept(path, file, bytes, stamp);
        Ok(Self {
            hash,
            array: kept.tensor(&Arc::new(bytes)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::StateTensor;
    use crate::write_npy;

    /// What `open` makes of these bytes.
    fn opened(name: &str, bytes: &[u8]) -> Result<NpyFile, String> {
        let dir = std::env::temp_dir().join(format!("eosin-npy-{}-{name}", std::process::id()));
        std::fs::write(&dir, bytes).unwrap();
        let file = NpyFile::open(&dir).map_err(|error| error.to_string());
        // Best effort: it lies in the temporary folder.
        drop(std::fs::remove_file(&dir));
        file
    }

    /// A file with this header of version 1.
    fn with_header(header: &str, values: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values);
        bytes
    }

    #[test]
    fn what_is_written_is_what_numpy_writes_and_is_read_back() {
        let array = StateTensor {
            shape: vec![2, 1, 2],
            values: vec![0.5, -2.0, 1.0e-3, 3.0],
        };
        let mut bytes = Vec::new();
        write_npy(&mut bytes, &array).unwrap();
        // `numpy.save` (2.2) of the same array.
        let mut expected =
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2), }"
                .to_vec();
        expected.resize(127, b' ');
        expected.push(b'\n');
        expected.extend(array.values.iter().flat_map(|v| v.to_le_bytes()));
        assert_eq!(bytes, expected);
        let file = opened("same", &bytes).unwrap();
        assert_eq!(file.array.shape(), [2, 1, 2]);
        assert_eq!(*file.array.read_all().unwrap(), array.values);
        assert_eq!(*file.array.read(1..2).unwrap(), array.values[2..]);
        assert_eq!(*file.array.read_values(1..3).unwrap(), array.values[1..3]);
        assert_eq!(*array.read_values(1..3).unwrap(), array.values[1..3]);
        assert_eq!(file.hash, blake3::hash(&bytes).to_hex().to_string());
    }

    #[test]
    fn halves_and_doubles_and_other_orders_of_keys_are_read() {
        let header = "{\"shape\": (2,), 'descr':'<f8','fortran_order':False}";
        let doubles = [0.25_f64, -1.0].map(f64::to_le_bytes).concat();
        let file = opened("doubles", &with_header(header, &doubles)).unwrap();
        assert_eq!(*file.array.read_all().unwrap(), [0.25, -1.0]);
        let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (1L, 2L), }\n";
        let halves = [0.5, 4.0].map(|v| half::f16::from_f32(v).to_le_bytes());
        let file = opened("halves", &with_header(header, &halves.concat())).unwrap();
        assert_eq!(*file.array.read_all().unwrap(), [0.5, 4.0]);
    }

    #[test]
    fn what_is_not_read_is_refused_with_the_fix() {
        let entry = |descr: &str, order: &str| {
            format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': (1,), }}")
        };
        for (header, part) in [
            (
                entry("'>f4'", "False"),
                "its values are '>f4'; save little-endian",
            ),
            (entry("'|O'", "False"), "its values are '|O'"),
            (
                entry("[('a', '<f4'), ('b', '<i4')]", "False"),
                "astype('<f4')",
            ),
            (entry("'<f4'", "True"), "numpy.ascontiguousarray"),
            (entry("'<f4'", "0"), "fortran_order is 0"),
            (
                "{'descr': '<f4', 'shape': (1,)}".to_owned(),
                "'fortran_order' is missing",
            ),
            (
                "{'descr': '<f4', 'size': 1}".to_owned(),
                "'size' is none of its keys",
            ),
            ("[1]".to_owned(), "it is no dictionary"),
            (
                entry("'<f4'", "False").replace("(1,)", "(-1,)"),
                "shape is (-1,)",
            ),
            (
                entry("'<f4'", "False").replace("(1,)", "(2,)"),
                "takes 8 bytes, but 4 follow",
            ),
        ] {
            let error = opened("bad", &with_header(&header, &[0; 4])).unwrap_err();
            assert!(error.contains(part), "{header}: {error}");
        }
        for (bytes, part) in [
            (&b"PK\x03\x04"[..], "does not begin with \\x93NUMPY"),
            (b"\x93NUMPY\x01\x00\xff\x00{", "ends within its header"),
            (b"\x93NUMPY\x01", "ends within its header"),
            (b"\x93NUMPY\x07\x00\x01\x00", "version 7.0"),
        ] {
            let error = opened("odd", bytes).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let header = entry("'<f4'", "False");
        let error = opened("nan", &with_header(&header, &f32::NAN.to_le_bytes())).unwrap_err();
        assert!(error.contains("holds NaN at index 0"), "{error}");
    }
}
