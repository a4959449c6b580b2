//! draft
use eosin_audit::*;
use std::io::BufRead;
use std::time::Instant;
fn main() {
    use rayon::prelude::*;
    let names: Vec<String> = std::io::stdin()
        .lock()
        .lines()
        .map(|l| l.unwrap())
        .collect();
    let file = std::env::args().nth(1).unwrap();
    let width: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
        .collect();
    let directions = Directions::new(values, width);
    let t = Instant::now();
    let planes: Vec<Plane> = names
        .par_iter()
        .map(|n| {
            Plane::of(
                &eosin_data::decode_rgb(n.as_ref(), &eosin_data::DecodeLimits::default()).unwrap(),
            )
        })
        .collect();
    eprintln!("planes {:?}", t.elapsed());
    let t = Instant::now();
    let d = directions.nearest(11).len();
    eprintln!("nearest {d} {:?}", t.elapsed());
    let t = Instant::now();
    let same: Vec<usize> = (0..names.len()).collect();
    let found = find_pairs(
        PairSearch {
            planes: &planes,
            directions: Some(&directions),
            first_same: &same,
        },
        &mut |c: Compared| {
            eprintln!("{c:?} {:?}", t.elapsed());
            Ok::<(), ()>(())
        },
    )
    .unwrap();
    eprintln!(
        "all {:?} {} {:?} bare {}",
        t.elapsed(),
        found.compared,
        found.chance,
        found.bare.len()
    );
    for p in &found.pairs {
        let f = p.alignment.unwrap();
        println!(
            "{}\t{}\t{:?}\t{:.4}\t{}\t{:.4}\t{:.1}\t{:.1}\t{:.3}\t{:.3}\t{:.3}\t{:.2}",
            names[p.a],
            names[p.b],
            p.kind,
            p.confidence,
            f.symmetry.index(),
            f.scale,
            f.offset_px[0],
            f.offset_px[1],
            f.covered_a.min(f.covered_b),
            f.correlation,
            f.detail_correlation,
            f.strength
        );
    }
}
