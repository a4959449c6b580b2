//! An opened file is read as a parsed one is, and its values take no memory until they are wanted.

#![expect(dead_code, reason = "each test uses some of the common functions")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod common;
mod counting;

use std::collections::BTreeMap;
use std::path::Path;

use counting::Counting;
use eosin_weights::{
    LazyTensor as _, ReadOptions, StateDict, StateTensor, StoredAs, WeightFile, read_all,
    to_safetensors, write_safetensors,
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
fn an_opened_file_holds_what_a_parsed_one_does_or_is_refused_alike() {
    for (fixture, bytes) in ["saved", "hostile"].into_iter().flat_map(common::all) {
        let path = common::folder().join(&fixture);
        let name = path.display().to_string();
        let held = WeightFile::open_bytes(&name, bytes.clone(), &ReadOptions::default());
        for opened in [WeightFile::open(&path), held] {
            match (opened, WeightFile::parse(&name, &bytes)) {
                (Ok(opened), Ok(parsed)) => {
                    assert_eq!(read_all(&opened.tensors).unwrap(), parsed.tensors, "{name}");
                    assert_eq!(opened.hash, parsed.hash);
                    assert_eq!(opened.metadata, parsed.metadata);
                    assert_eq!(opened.left_out, parsed.left_out);
                }
                (Err(opened), Err(parsed)) => assert_eq!(opened.to_string(), parsed.to_string()),
                (opened, parsed) => panic!("{name}: {opened:?} and {parsed:?}"),
            }
        }
    }
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

#[test]
fn a_file_that_is_changed_while_it_is_in_use_is_an_error() {
    let path = std::env::temp_dir().join(format!("eosin-changed-{}", std::process::id()));
    large(&path);
    let opened = WeightFile::open(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    let error = opened.tensors["fc.weight"].read(0..1).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("was changed while it was in use")
    );
    std::fs::remove_file(path).unwrap();
}
