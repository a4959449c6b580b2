//! Times reading patches: `decode SIZE SECONDS FILE...` prints the median microseconds an image to
//! decode, bring to SIZE (bilinear) and normalise into a batch, on one thread. `bench/decode.py`
//! runs it beside torchvision.

#![expect(clippy::print_stdout, reason = "the result of an example")]

use std::path::Path;
use std::time::{Duration, Instant};

use eosin_core::config::{DataConfig, ResizeFilter};
use eosin_data::Normalisation;
use eosin_train::{PatchReader, PixelScale};

/// Images of a batch.
const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [size, seconds, files @ ..] = args.as_slice() else {
        return Err("usage: decode SIZE SECONDS FILE...".into());
    };
    let size: usize = size.parse()?;
    let limit = Duration::from_secs_f64(seconds.parse()?);
    let data = DataConfig {
        size_px: Some(size),
        resize: ResizeFilter::Bilinear,
        ..DataConfig::default()
    };
    let reader = PatchReader::new(&data, size);
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
                batch.extend(scale.interleaved(&reader.read(Path::new(file))?.pixels));
            }
            std::hint::black_box(&batch);
        }
        times.push(at.elapsed().as_secs_f64() * 1e6 / files.len() as f64);
    }
    times.sort_by(f64::total_cmp);
    println!("{:.1}", times[times.len() / 2]);
    Ok(())
}
