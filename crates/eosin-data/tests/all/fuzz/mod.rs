//! Folder trees and tables at random: read right or refused, never a panic, never a silent class.
//!
//! `EOSIN_FUZZ` is the number of cases (`cargo xtask fuzz [N]`), `EOSIN_FUZZ_SEED` their seed.

mod tables;
mod trees;

use std::collections::BTreeSet;

use eosin_core::{Rng, Seed, Stream};
use eosin_data::{Manifest, likeness};
use rand::RngExt as _;

const QUICK: u64 = 400;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Calls `case` with a generator for each case, and says which one failed.
fn each_case(case: impl Fn(&mut Rng)) {
    let seed = Seed(setting("EOSIN_FUZZ_SEED", 1));
    for number in 0..setting("EOSIN_FUZZ", QUICK) {
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            case(&mut seed.stream(Stream::Shuffle, &[number]));
        }));
        assert!(failed.is_ok(), "case {number} of seed {} failed", seed.0);
    }
}

fn pick<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    from[rng.random_range(0..from.len())]
}

/// What must hold of every list of images: keys apart, and files behind them.
fn check_files(manifest: &Manifest) {
    let mut keys = BTreeSet::new();
    for patch in &manifest.patches {
        assert!(keys.insert(&patch.key), "key {} twice", patch.key);
        let path = patch.source.file().expect("a file");
        assert!(path.is_file(), "{} is no file", path.display());
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(!name.starts_with('.'), "a stray: {name}");
    }
}

/// What must hold of everything that was read.
fn check(manifest: &Manifest) {
    check_files(manifest);
    let used: BTreeSet<usize> = manifest
        .patches
        .iter()
        .filter_map(|patch| patch.class)
        .collect();
    let alike: BTreeSet<String> = manifest
        .classes
        .iter()
        .map(|class| likeness(class))
        .collect();
    assert_eq!(
        alike.len(),
        manifest.classes.len(),
        "{:?}",
        manifest.classes
    );
    assert_eq!(used.len(), manifest.classes.len(), "{:?}", manifest.classes);
    for class in &manifest.classes {
        let small = class.trim().to_lowercase();
        let unknown = [
            "", "na", "none", "nan", "null", "-", "unknown", "__macosx", ".git",
        ];
        assert!(!unknown.contains(&small.as_str()), "class '{class}'");
    }
}
