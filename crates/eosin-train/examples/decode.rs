//! Times reading patches: `decode SIZE SECONDS FILE...` prints the median microseconds an image to
//! decode, bring to SIZE (bilinear) and normalise into a batch, on one thread. `bench/decode.py`
//! runs it beside torchvision.

#![expect(clippy::print_stdout, reason = "the result of an example")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eosin_data::{DecodeLimits, Normalisation, PatchSource, Resize, ResizeFilter, ResizePolicy};
use eosin_train::{PatchReader, PixelScale};

/// Images of a batch.
const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [size, seconds, files @ ..] = args.as_slice() else {
        return Err("usage: decode SIZE SECONDS FILE...".into());
    };
    let files: Vec<PatchSource> = files
        .iter()
        .map(|file| PathBuf::from(file).into())
        .collect();
    let size: usize = size.parse()?;
    let limit = Duration::from_secs_f64(seconds.parse()?);
    let reader = PatchReader {
        limits: DecodeLimits::default(),
        stain: None,
        resize: Some(Resize {
            filter: ResizeFilter::Bilinear,
            non_square: ResizePolicy::Square,
        }),
        size_px: size,
    };
    let scale = PixelScale::new(&Normalisation {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    });
    let (begun, mut times, mut batch) = (Instant::now(), Vec::new(), Vec::new());
    while times.len() < 3 || begun.elapsed() < limit {
        let at = Instant::now();
        for files in files.chunks(BATCH) {
            batch.clear();
            for file in files {
                batch.extend(scale.interleaved(&reader.read(file)?.pixels));
            }
            std::hint::black_box(&batch);
        }
        times.push(at.elapsed().as_secs_f64() * 1e6 / files.len() as f64);
    }
    times.sort_by(f64::total_cmp);
    println!("{:.1}", times[times.len() / 2]);
    Ok(())
}
