//! Times a training step of one backbone: `step NAME SIZE BATCH CUT batch|running SECONDS [THREADS]`
//! prints the median milliseconds of a step (forward, loss, backward, plain gradient descent) of the
//! stages from `CUT` on, batch norms using the batch's or the running statistics. `bench/step.py`
//! runs it beside timm.

#![expect(clippy::print_stdout, reason = "the result of an example")]

use std::time::{Duration, Instant};

use eosin_core::Seed;
use eosin_models::{Backbone, BatchStatistics, Recording, StoredNetwork, Tail, Tape};
use eosin_weights::read_all;

/// Parts of a batch, as in training.
const PARTS: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, size, batch, cut, statistics, seconds, threads @ ..] = args.as_slice() else {
        return Err("usage: step NAME SIZE BATCH CUT batch|running SECONDS [THREADS]".into());
    };
    let (size, batch, cut): (usize, usize, usize) = (size.parse()?, batch.parse()?, cut.parse()?);
    let limit = Duration::from_secs_f64(seconds.parse()?);
    let threads: usize = threads.first().map_or(Ok(2), |count| count.parse())?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;
    let norms = match statistics.as_str() {
        "batch" => BatchStatistics::OfBatch,
        "running" => BatchStatistics::Frozen,
        other => return Err(format!("'{other}' is not batch or running").into()),
    };
    let network = Backbone::new(name.parse()?, 2, size);
    if cut > network.stages().len() {
        return Err(format!("{name} has {} stages", network.stages().len()).into());
    }
    let tail = Tail {
        cut,
        map: Recording::prefix_shape(&network, cut, size).output_shape(),
        dropout: 0.0,
        norms,
    };
    let network = StoredNetwork::fresh(network, Seed(0));
    let mut tape = Tape::new(&network, &tail)?;
    let mut state = read_all(network.weights())?;
    let width = tape.input_width();
    let maps: Vec<f32> = (0..batch * width)
        .map(|i| (i % 255) as f32 / 127.5 - 1.0)
        .collect();
    let mut parts = Vec::new();
    let mut step = || {
        let of = |name: &str| &state[name].values[..];
        tape.set_weights(of, cut);
        let logits = tape.forward(&maps, batch.div_ceil(PARTS), None, &mut parts);
        // Cross-entropy of labels that alternate.
        let mut derivative = logits;
        for (row, pair) in derivative.chunks_exact_mut(2).enumerate() {
            let second = 1.0 / (1.0 + (pair[0] - pair[1]).exp());
            let error = (second - (row % 2) as f32) / batch as f32;
            pair.copy_from_slice(&[-error, error]);
        }
        let found = tape.backward(&derivative, &mut parts);
        let mut gradients = Vec::new();
        tape.parameter_gradients(&found, of, |name, found| {
            gradients.push((name.to_owned(), found.to_vec()));
        });
        tape.running_statistics(|name| of(name).to_vec(), |_, _| {});
        for (name, gradient) in gradients {
            if let Some(weights) = state.get_mut(&name) {
                weights
                    .values
                    .iter_mut()
                    .zip(gradient)
                    .for_each(|(weight, g)| *weight -= 1e-3 * g);
            }
        }
    };
    step();
    let (begun, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || begun.elapsed() < limit {
        let at = Instant::now();
        step();
        times.push(at.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{:.1}", times[times.len() / 2]);
    Ok(())
}
