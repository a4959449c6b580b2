//! Patches are read once, and known by their bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use eosin_data::{
    ContentHash, IngestOptions, InspectOptions, Inspected, Ledger, Manifest, NoLedger, PatchFacts,
    PatchSource, Patches, inspect, read_manifest,
};

use crate::fixtures::write_png;

const DECODE: InspectOptions = InspectOptions {
    decode: true,
    limits: eosin_data::DecodeLimits {
        max_side_px: 8192,
        min_side_px: 8,
        max_memory_bytes: 1 << 30,
    },
    sizes_may_differ: false,
};

/// A ledger in memory that counts.
#[derive(Default)]
struct Counting {
    known: Mutex<BTreeMap<ContentHash, PatchFacts>>,
    found: Mutex<usize>,
}

impl Ledger for Counting {
    fn get(&self, hash: &ContentHash) -> Option<PatchFacts> {
        let facts = self.known.lock().unwrap().get(hash).copied();
        *self.found.lock().unwrap() += usize::from(facts.is_some());
        facts
    }

    fn put(&self, hash: &ContentHash, facts: &PatchFacts) {
        self.known.lock().unwrap().insert(*hash, *facts);
    }
}

fn folder() -> (tempfile::TempDir, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    for (name, side) in [
        ("a/1.png", 8),
        ("a/2.png", 9),
        ("b/3.png", 10),
        ("b/4.png", 11),
    ] {
        write_png(&dir.path().join(name), side);
    }
    let manifest = read_manifest(dir.path(), &IngestOptions::default()).unwrap();
    (dir, manifest)
}

fn patches(manifest: &Manifest, found: Inspected) -> Patches {
    Patches::new(manifest, found.contents, &BTreeSet::new())
}

#[test]
fn what_a_ledger_knows_is_not_decoded_again() {
    let (_dir, manifest) = folder();
    let ledger = Counting::default();
    let cold = inspect(&manifest, &DECODE, &ledger, &|_, _| {});
    assert_eq!(*ledger.found.lock().unwrap(), 0);
    let warm = inspect(&manifest, &DECODE, &ledger, &|_, _| {});
    assert_eq!(*ledger.found.lock().unwrap(), 4);
    assert_eq!(cold.inspection, warm.inspection);
    // A limit is held to what is remembered, too.
    let mut tight = DECODE;
    tight.limits.max_side_px = 9;
    let found = inspect(&manifest, &tight, &ledger, &|_, _| {}).inspection;
    let keys: Vec<&str> = found.problems.iter().map(|p| p.key.as_str()).collect();
    assert!(
        keys.contains(&"b/3.png") && keys.contains(&"b/4.png"),
        "{keys:?}"
    );
    let fresh = inspect(&manifest, &tight, &NoLedger, &|_, _| {}).inspection;
    assert_eq!(found, fresh);
}

#[test]
fn contents_are_those_that_were_inspected_whatever_happens_to_the_files() {
    let (dir, manifest) = folder();
    let patches = patches(
        &manifest,
        inspect(&manifest, &DECODE, &NoLedger, &|_, _| {}),
    );
    let before = std::fs::read(dir.path().join("a/1.png")).unwrap();
    write_png(&dir.path().join("a/1.png"), 20);
    assert_eq!(*patches.bytes(0).unwrap(), *before);
    assert_eq!(patches.facts(0).header.width_px, 8);
}

#[test]
fn a_changed_picture_changes_the_hash_of_all_patches_and_a_moved_folder_does_not() {
    let (dir, manifest) = folder();
    let hash = |manifest: &Manifest| {
        let found = inspect(manifest, &DECODE, &NoLedger, &|_, _| {});
        patches(manifest, found).content_hash()
    };
    let before = hash(&manifest);
    let moved = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::rename(dir.path().join(name), moved.path().join(name)).unwrap();
    }
    let there = read_manifest(moved.path(), &IngestOptions::default()).unwrap();
    assert_eq!(hash(&there), before);
    write_png(&moved.path().join("b/4.png"), 12);
    assert_ne!(hash(&there), before);
}

#[test]
fn patches_from_memory_are_like_those_from_files() {
    let (dir, manifest) = folder();
    let mut in_memory = manifest.clone();
    for patch in &mut in_memory.patches {
        let bytes = std::fs::read(dir.path().join(&patch.key)).unwrap().into();
        let name = patch.key.clone();
        patch.source = PatchSource::Bytes { name, bytes };
    }
    drop(dir);
    let found = inspect(&in_memory, &DECODE, &NoLedger, &|_, _| {});
    let sizes: Vec<usize> = found.inspection.images.iter().map(|i| i.width_px).collect();
    assert_eq!(sizes, [8, 9, 10, 11]);
    let tile = PatchSource::Tile {
        slide: "S1.svs".into(),
        level: 0,
        x_px: 512,
        y_px: 0,
    };
    let error = tile.read().unwrap_err().to_string();
    assert!(
        error.starts_with("S1.svs, level 0 at 512,0: tiles"),
        "{error}"
    );
}
