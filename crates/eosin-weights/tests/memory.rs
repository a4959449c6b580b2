//! The values of an opened file take no memory until they are wanted. One test: the allocator counts
//! for all threads.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod counting;

use std::collections::BTreeMap;
use std::path::Path;

use counting::Counting;
use eosin_weights::{
    LazyTensor as _, StateDict, StateTensor, StoredAs, WeightFile, to_safetensors,
    write_safetensors,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// Rows and columns of a large tensor: 32 MiB.
const LARGE: [usize; 2] = [4096, 2048];

fn large(path: &Path) -> StateDict {
    let count = LARGE.iter().product();
    let tensor = StateTensor {
        shape: LARGE.to_vec(),
        values: (0..count).map(|at: usize| at as f32).collect(),
    };
    let tensors = StateDict::from([("fc.weight".to_owned(), tensor)]);
    let bytes = to_safetensors(&tensors, &BTreeMap::new(), StoredAs::F32);
    std::fs::write(path, bytes).unwrap();
    tensors
}

#[test]
fn values_stay_on_the_disk_until_they_are_wanted() {
    let path = std::env::temp_dir().join(format!("eosin-stored-{}", std::process::id()));
    let tensors = large(&path);
    let bytes = LARGE.iter().product::<usize>() * 4;
    ALLOCATOR.start();
    let opened = WeightFile::open(&path).unwrap();
    assert!(
        ALLOCATOR.peak() < bytes + bytes / 8,
        "opening holds the file once"
    );
    // What opening leaves behind, and what pieces take.
    ALLOCATOR.start();
    let tensor = &opened.tensors["fc.weight"];
    let few = &tensors["fc.weight"].values[7 * LARGE[1]..9 * LARGE[1]];
    assert_eq!(tensor.read(7..9).unwrap(), few);
    let mut hasher = blake3::Hasher::new();
    write_safetensors(
        &mut hasher,
        &opened.tensors,
        &opened.metadata,
        StoredAs::F32,
    )
    .unwrap();
    assert_eq!(hasher.finalize().to_hex().to_string(), opened.hash);
    assert!(ALLOCATOR.peak() < bytes / 2, "writing holds pieces");
    std::fs::remove_file(path).unwrap();
}
