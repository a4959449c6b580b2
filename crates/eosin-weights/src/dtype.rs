//! The types that elements come in, and their way to single precision.

use half::{bf16, f16};

use crate::tensor_error::TensorError;

/// Type of a tensor's elements, as safetensors and PyTorch name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    /// No weight comes in it: its name and its bytes per element.
    Other(&'static str, u8),
    /// An integer or boolean: its name and its bytes per element.
    Integer(&'static str, u8),
}

impl Dtype {
    /// Bytes per element.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Other(_, bytes) | Self::Integer(_, bytes) => bytes as usize,
        }
    }

    /// What it is called in errors.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::F64 => "F64",
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Other(name, _) | Self::Integer(name, _) => name,
        }
    }

    /// Whether it counts rather than measures.
    pub(crate) const fn is_integer(self) -> bool {
        matches!(self, Self::Integer(..))
    }

    /// The elements in `bytes`, a whole number of them, little-endian.
    ///
    /// # Errors
    /// When the type is none of weights, or a value is beyond single precision.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Vec<f32>, TensorError> {
        Ok(match self {
            Self::F32 => map(bytes, f32::from_le_bytes),
            Self::F16 => map(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => map(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Self::F64 => {
                let values = map(bytes, |b| single(f64::from_le_bytes(b)));
                check_range(bytes, &values)?;
                values
            }
            Self::Other(dtype, _) | Self::Integer(dtype, _) => {
                return Err(TensorError::Dtype { dtype });
            }
        })
    }
}

impl Dtype {
    /// The one element in `bytes`, which has the given index among the tensor's.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub(crate) fn element(self, bytes: &[u8], index: usize) -> Result<f32, TensorError> {
        Ok(match self {
            Self::F64 => {
                let value = f64::from_le_bytes(fixed(bytes));
                if value.is_finite() && !single(value).is_finite() {
                    return Err(TensorError::Range { value, index });
                }
                single(value)
            }
            Self::F32 => f32::from_le_bytes(fixed(bytes)),
            Self::F16 => f16::from_le_bytes(fixed(bytes)).to_f32(),
            Self::Bf16 => bf16::from_le_bytes(fixed(bytes)).to_f32(),
            Self::Other(dtype, _) | Self::Integer(dtype, _) => {
                return Err(TensorError::Dtype { dtype });
            }
        })
    }
}

/// The bytes of one element, which callers cut to its length.
fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

fn map<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|b| read(*b)).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision; the range is checked"
)]
const fn single(value: f64) -> f32 {
    value as f32
}

/// Refuses a finite double that became infinite.
fn check_range(bytes: &[u8], values: &[f32]) -> Result<(), TensorError> {
    let doubles = bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b));
    let lost =
        |(_, (double, value)): &(usize, (f64, &f32))| double.is_finite() && !value.is_finite();
    match doubles.zip(values).enumerate().find(lost) {
        None => Ok(()),
        Some((index, (value, _))) => Err(TensorError::Range { value, index }),
    }
}
