//! Safetensors: eight bytes of length, a JSON header, raw tensors
//! (<https://github.com/huggingface/safetensors#format>).
//!
//! The header is parsed here and not by the `safetensors` crate: it keeps the last of two tensors
//! of one name, and a hostile header makes it allocate some twenty times the file. Tests hold
//! what is accepted here to what the crate accepts.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::content::MAX_HEADER_BYTES;
use crate::dtype::Dtype;
use crate::error::WeightsError;
use crate::found::Found;
use crate::options::ReadOptions;
use crate::pytorch::SelectError;
use crate::safetensors_error::SafetensorsError;
use crate::shown::shown;
use crate::stored::{InOrder, Keep};
use crate::strided::element_count;

/// Where a tensor is, as the header says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    data_offsets: (usize, usize),
}

#[derive(Debug, Default)]
pub(crate) struct Header {
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) places: BTreeMap<String, Place>,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        let mut noted = false;
        while let Some(key) = map.next_key::<String>()? {
            let known = if key == "__metadata__" {
                header.metadata = map.next_value()?;
                std::mem::replace(&mut noted, true)
            } else {
                header.places.contains_key(&key)
            };
            if known {
                return Err(A::Error::custom(format_args!(
                    "'{}' is there twice",
                    shown(&key)
                )));
            }
            if key != "__metadata__" {
                header.places.insert(key, map.next_value()?);
            }
        }
        Ok(header)
    }
}

/// The tensors of a safetensors file.
///
/// # Errors
/// When it is malformed, or holds a type or value that no weight has.
pub(crate) fn read_safetensors<K: Keep>(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
    keep: &K,
) -> Result<Found<K::Kept>, WeightsError> {
    if let Some(key) = &options.key {
        return Err(WeightsError::Select {
            name: name.to_owned(),
            reason: SelectError::Flat { key: shown(key) },
        });
    }
    let invalid = |reason| WeightsError::Safetensors {
        name: name.to_owned(),
        reason,
    };
    let (header, body) = split(bytes).map_err(invalid)?;
    check_places(&header, body.len()).map_err(invalid)?;
    let mut found = Found {
        metadata: header.metadata,
        ..Found::default()
    };
    for (key, place) in header.places {
        let dtype = dtype_of(&key, &place.dtype).map_err(invalid)?;
        if dtype.is_integer() {
            found.left_out.push(key);
            continue;
        }
        let (begin, end) = place.data_offsets;
        let kept = keep.in_order(InOrder {
            names: (name, &key),
            dtype,
            shape: place.shape,
            bytes: &body[begin..end],
        })?;
        found.tensors.insert(key, kept);
    }
    if found.tensors.is_empty() && !found.left_out.is_empty() {
        return Err(WeightsError::Select {
            name: name.to_owned(),
            reason: SelectError::integers_alone(&[]),
        });
    }
    Ok(found)
}

pub(crate) fn split(bytes: &[u8]) -> Result<(Header, &[u8]), SafetensorsError> {
    let (length, rest) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
    let length = u64::from_le_bytes(*length);
    let cut = SafetensorsError::HeaderCut {
        header: length,
        rest: rest.len(),
    };
    let header = usize::try_from(length.min(MAX_HEADER_BYTES + 1)).unwrap_or(usize::MAX);
    let (header, body) = rest.split_at_checked(header).ok_or(cut)?;
    let header = serde_json::from_slice(header)
        .map_err(|error| SafetensorsError::Header(shown(&error.to_string())))?;
    Ok((header, body))
}

/// Tensors must cover the body without gap or overlap, each as long as its type and shape say.
fn check_places(header: &Header, body: usize) -> Result<(), SafetensorsError> {
    let mut places: Vec<_> = header.places.iter().collect();
    places.sort_by_key(|(_, place)| place.data_offsets);
    let mut expected = 0;
    for (key, place) in places {
        let (begin, end) = place.data_offsets;
        if begin != expected {
            return Err(SafetensorsError::Place {
                tensor: shown(key),
                begin,
                expected,
            });
        }
        check_length(key, place)?;
        expected = end;
    }
    if expected == body {
        Ok(())
    } else {
        Err(SafetensorsError::Body {
            expected,
            got: body,
        })
    }
}

fn check_length(key: &str, place: &Place) -> Result<(), SafetensorsError> {
    let dtype = dtype_of(key, &place.dtype)?;
    let elements = element_count(&place.shape).map_err(|reason| SafetensorsError::Shape {
        tensor: shown(key),
        reason,
    })?;
    let (begin, end) = place.data_offsets;
    let expected = elements.saturating_mul(dtype.bytes());
    match end.checked_sub(begin) {
        Some(got) if got == expected => Ok(()),
        got => Err(SafetensorsError::Length {
            tensor: shown(key),
            dtype: dtype.name(),
            shape: place.shape.clone(),
            expected,
            got: got.unwrap_or(0),
        }),
    }
}

pub(crate) fn dtype_of(key: &str, name: &str) -> Result<Dtype, SafetensorsError> {
    Ok(match name {
        "F64" => Dtype::F64,
        "F32" => Dtype::F32,
        "F16" => Dtype::F16,
        "BF16" => Dtype::Bf16,
        "BOOL" => Dtype::Integer("BOOL", 1),
        "U8" => Dtype::Integer("U8", 1),
        "I8" => Dtype::Integer("I8", 1),
        "U16" => Dtype::Integer("U16", 2),
        "I16" => Dtype::Integer("I16", 2),
        "U32" => Dtype::Integer("U32", 4),
        "I32" => Dtype::Integer("I32", 4),
        "U64" => Dtype::Integer("U64", 8),
        "I64" => Dtype::Integer("I64", 8),
        _ => {
            return Err(SafetensorsError::Dtype {
                tensor: shown(key),
                dtype: shown(name),
            });
        }
    })
}
