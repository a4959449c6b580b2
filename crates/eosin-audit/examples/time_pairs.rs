//! Times the search for pairs once patches are embedded: decoding, neighbours, layouts, pixels.
//!
//! `time_pairs FOLDER MEANS.f32 WIDTH [quick]`: patches below the folder, in the order of their paths, and the
//! mean embedding of each (`eosin embed --out`, the mean over views as little-endian `f32`); `quick` as a run does
//! it for so many, without embeddings.

use std::path::{Path, PathBuf};
use std::time::Instant;

use eosin_audit::{Compared, Directions, Effort, PairSearch, Plane, find_pairs};
use eosin_data::{DecodeLimits, decode_rgb};
use rayon::prelude::*;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Outcome<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, means, width, effort) = match arguments.as_slice() {
        [folder, means, width] => (folder, means, width, Effort::Thorough),
        [folder, means, width, word] if word == "quick" => (folder, means, width, Effort::Quick),
        _ => return Err("time_pairs FOLDER MEANS.f32 WIDTH [quick]".into()),
    };
    let mut paths = Vec::new();
    files(folder.as_ref(), &mut paths)?;
    paths.sort();
    let bytes = std::fs::read(means)?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let values = numbers.iter().map(|number| f32::from_le_bytes(*number));
    let begun = Instant::now();
    let directions = Directions::new(values.collect(), width.parse()?);
    let plane = |path: &PathBuf| Ok(Plane::of(&decode_rgb(path, &DecodeLimits::default())?));
    let planes: Outcome<Vec<Plane>> = paths.par_iter().map(plane).collect();
    let planes = planes?;
    println!("{} patches decoded: {:?}", planes.len(), begun.elapsed());
    let first_same: Vec<usize> = (0..planes.len()).collect();
    let search = PairSearch {
        planes: &planes,
        directions: (effort == Effort::Thorough).then_some(&directions),
        first_same: &first_same,
        effort,
    };
    let mut stage = 0;
    let found = find_pairs(search, &mut |compared: Compared| {
        if compared.done == 0 {
            stage += 1;
            println!("stage {stage}: {:?}", begun.elapsed());
        }
        Ok::<(), std::convert::Infallible>(())
    })?;
    println!(
        "{} pairs of {} laid on each other: {:?}",
        found.pairs.len(),
        found.compared,
        begun.elapsed()
    );
    Ok(())
}
