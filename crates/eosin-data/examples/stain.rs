//! `stain METHOD TARGET IMAGE OUT.raw ...`: gives images the stain of TARGET (`reference` or an image) and writes
//! their pixels, for `bench/stain.py` to hold against other tools.
//! `stain time METHOD TARGET IMAGE REPEATS`: milliseconds a patch on one thread, the best and the median.
//! `stain phantoms FOLDER`: the phantoms that the goldens of `src/stain/tests.rs` are of.

#![expect(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use eosin_core::Seed;
use eosin_core::config::StainMethod;
use eosin_data::{
    DecodeLimits, PhantomOptions, PhantomPosition, RgbPatch, StainNormaliser, StainTarget,
    decode_rgb, phantom_patch, stain_of,
};

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["phantoms", folder] => phantoms(Path::new(folder)),
        ["time", method, target, image, repeats] => time(
            &normaliser(method, target)?,
            &read(image)?,
            repeats.parse()?,
        ),
        [method, target, images @ ..] if images.len() % 2 == 0 => {
            let normaliser = normaliser(method, target)?;
            for pair in images.chunks_exact(2) {
                let mut patch = read(pair[0])?;
                let word = match normaliser.apply(&mut patch) {
                    Ok(()) => "normalised".to_owned(),
                    Err(reason) => reason.to_string(),
                };
                println!("{}: {word}", pair[0]);
                std::fs::write(pair[1], &patch.pixels)?;
            }
            Ok(())
        }
        _ => Err("see the head of examples/stain.rs".into()),
    }
}

fn read(path: &str) -> Answer<RgbPatch> {
    Ok(decode_rgb(Path::new(path), &DecodeLimits::default())?)
}

fn normaliser(method: &str, target: &str) -> Answer<StainNormaliser> {
    let method: StainMethod = method.parse()?;
    let target = match target {
        "reference" => StainTarget::reference(method).ok_or("no reference")?,
        image => stain_of(method, &read(image)?).map_err(|reason| reason.to_string())?,
    };
    println!("{target:?}");
    Ok(StainNormaliser::new(method, target).ok_or("a target of another kind")?)
}

fn time(normaliser: &StainNormaliser, patch: &RgbPatch, repeats: usize) -> Answer<()> {
    let mut copy = patch.clone();
    let mut took = Vec::new();
    for _ in 0..repeats {
        copy.pixels.copy_from_slice(&patch.pixels);
        let begun = Instant::now();
        normaliser
            .apply(&mut copy)
            .map_err(|reason| reason.to_string())?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    println!(
        "best {:.3} ms, median {:.3} ms",
        took[0],
        took[took.len() / 2]
    );
    Ok(())
}

fn phantoms(folder: &Path) -> Answer<()> {
    for patient in 0..4 {
        let options = PhantomOptions {
            seed: Seed(17),
            size_px: 128,
            ..PhantomOptions::default()
        };
        let position = PhantomPosition {
            patient,
            slide: 0,
            patch: 0,
        };
        let patch = phantom_patch(&options, patient % 2, position);
        std::fs::write(folder.join(format!("{patient}.raw")), &patch.pixels)?;
    }
    Ok(())
}
