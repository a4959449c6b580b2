//! What holds for every input: no panic, no difference between readers, nothing lost on the way.

use std::collections::BTreeMap;

use crate::common::all;
use eosin_weights::{StateDict, StateTensor, StoredAs, WeightFile, to_safetensors};
use proptest::prelude::*;
use safetensors::SafeTensors;

#[test]
fn every_truncation_is_refused_or_changes_nothing() {
    for (name, bytes) in all("saved").into_iter().chain(all("hostile")) {
        let whole = WeightFile::parse(&name, &bytes);
        for length in 0..bytes.len() {
            let Ok(cut) = WeightFile::parse(&name, &bytes[..length]) else {
                continue;
            };
            match &whole {
                Ok(whole) => assert_eq!(cut.tensors, whole.tensors, "{name} cut to {length}"),
                // These have bytes added to a file that can be read.
                Err(error) => assert!(name.contains("trailing"), "{name} cut to {length}: {error}"),
            }
        }
    }
}

fn tensors() -> impl Strategy<Value = StateDict> {
    let shape = prop::collection::vec(0_usize..4, 0..4);
    let tensor = shape.prop_flat_map(|shape| {
        let count: usize = shape.iter().product();
        prop::collection::vec(-1.0e30_f32..1.0e30, count).prop_map(move |values| StateTensor {
            shape: shape.clone(),
            values,
        })
    });
    prop::collection::btree_map("[a-zA-Z0-9_.\"\\\\é]{1,12}", tensor, 0..6)
}

fn view(shape: &[usize]) -> Vec<u8> {
    shape
        .iter()
        .flat_map(|length| [b'K', u8::try_from(*length).expect("small")])
        .collect()
}

/// A file of the older format with the one tensor `w`, a view of a storage of 256 ramp values.
fn legacy_file(offset: u8, shape: &[usize], strides: &[usize]) -> Vec<u8> {
    let mut bytes = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
    bytes.extend(b"\x80\x02M\xe9\x03.\x80\x02}.");
    bytes.extend(b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storage");
    bytes.extend(b"ctorch\nFloatStorage\nU\x01aU\x03cpuM\x00\x01tQK");
    bytes.push(offset);
    for numbers in [shape, strides] {
        bytes.push(b'(');
        bytes.extend(view(numbers));
        bytes.push(b't');
    }
    bytes.extend(b"\x89}tRs.\x80\x02]U\x01aa.\x00\x01\0\0\0\0\0\0");
    bytes.extend((0..=255_u8).flat_map(|value| f32::from(value).to_le_bytes()));
    bytes
}

/// What a view of the ramp holds by the definition of strides; `None` beyond its end.
fn by_definition(offset: u8, shape: &[usize], strides: &[usize]) -> Option<Vec<f32>> {
    let count: usize = shape.iter().product();
    let value = |mut flat: usize| {
        let mut at = usize::from(offset);
        for (length, stride) in shape.iter().zip(strides).rev() {
            at += flat % length * stride;
            flat /= length;
        }
        u8::try_from(at).ok().map(f32::from)
    };
    (0..count).map(value).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tensors in tensors()) {
        let bytes = to_safetensors(&tensors, &BTreeMap::new(), StoredAs::F32);
        let options = eosin_weights::ReadOptions::default();
        let read = WeightFile::parse_with("file", &bytes, &options).unwrap();
        prop_assert_eq!(&read.tensors, &tensors);
        let theirs = SafeTensors::deserialize(&bytes).unwrap();
        prop_assert_eq!(theirs.len(), tensors.len());
    }

    #[test]
    fn strides_are_followed_as_defined(
        offset in 0_u8..40,
        axes in prop::collection::vec((0_usize..5, 0_usize..40), 0..5),
    ) {
        let (shape, strides): (Vec<_>, Vec<_>) = axes.into_iter().unzip();
        let read = WeightFile::parse("file", &legacy_file(offset, &shape, &strides));
        let read = read.ok().map(|file| file.tensors["w"].clone());
        let expected = by_definition(offset, &shape, &strides);
        let expected = expected.map(|values| StateTensor { shape, values });
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        start in prop::sample::select(vec![
            &b""[..], b"\x80\x02", b"PK\x03\x04", b"PK\x05\x06", b"\x20\0\0\0\0\0\0\0{\"a\":",
            b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [start, &rest].concat();
        prop_assert!(WeightFile::parse("file", &bytes).is_err());
    }
}
