//! Times the forward pass of one backbone: `forward NAME SIZE BATCH SECONDS [THREADS
//! [PRECISION]]` prints the median milliseconds an image. `bench/forward.py` runs it beside timm.

#![expect(clippy::print_stdout, reason = "the result of an example")]

use std::time::{Duration, Instant};

use eosin_core::Seed;
use eosin_kernels::Precision;
use eosin_models::{Backbone, Graph, StoredNetwork, Workspace};

/// Images that a thread runs at once.
const TOGETHER: usize = 2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, size, batch, seconds, threads @ ..] = args.as_slice() else {
        return Err("usage: forward NAME SIZE BATCH SECONDS [THREADS [PRECISION]]".into());
    };
    let (size, batch): (usize, usize) = (size.parse()?, batch.parse()?);
    let precision = match threads.get(1).map(String::as_str) {
        None | Some("f32") => Precision::F32,
        Some("bf16") => Precision::Bf16,
        Some("int8") => Precision::Int8,
        Some(other) => return Err(format!("'{other}' is not f32, bf16 or int8").into()),
    };
    let threads: usize = threads.first().map_or(Ok(2), |count| count.parse())?;
    let limit = Duration::from_secs_f64(seconds.parse()?);
    let network = StoredNetwork::fresh(Backbone::new(name.parse()?, 1000, size), Seed(0));
    let graph = Graph::in_precision(network.record_logits(size)?, precision)?;
    let pixels = size * size * 3;
    let images: Vec<f32> = (0..batch * pixels)
        .map(|i| (i % 255) as f32 / 127.5 - 1.0)
        .collect();
    let mut workspaces: Vec<Workspace> = (0..threads).map(|_| Workspace::default()).collect();
    let share = batch.div_ceil(threads);
    let mut pass = || {
        std::thread::scope(|scope| {
            for (part, workspace) in images.chunks(share * pixels).zip(&mut workspaces) {
                let graph = &graph;
                scope.spawn(move || {
                    for group in part.chunks(TOGETHER * pixels) {
                        std::hint::black_box(graph.run(group.len() / pixels, group, workspace));
                    }
                });
            }
        });
    };
    pass();
    let (begun, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || begun.elapsed() < limit {
        let at = Instant::now();
        pass();
        times.push(at.elapsed().as_secs_f64() * 1e3 / batch as f64);
    }
    times.sort_by(f64::total_cmp);
    println!("{:.3}", times[times.len() / 2]);
    Ok(())
}
