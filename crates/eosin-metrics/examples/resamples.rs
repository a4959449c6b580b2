//! How long intervals and a comparison of 10,000 patches take.
//!
//! `cargo run --release -p eosin-metrics --example resamples`

use std::io::Write as _;
use std::time::Instant;

use eosin_core::{Seed, Stream};
use eosin_metrics::{
    Bootstrap, Groups, MetricSet, ModelRows, PairedModels, Permutation, Probs, Sampling, Unit,
};
use rand::RngExt as _;

const ROWS: usize = 10_000;

fn probs(targets: &[usize], classes: usize, seed: u64) -> Vec<f64> {
    let mut rng = Seed(seed).stream(Stream::Phantom, &[]);
    let mut all = Vec::new();
    for target in targets {
        let mut row: Vec<f64> = (0..classes).map(|_| rng.random::<f64>()).collect();
        row[*target] += 0.4;
        let sum: f64 = row.iter().sum();
        all.extend(row.into_iter().map(|prob| prob / sum));
    }
    all
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for classes in [2, 3] {
        let targets: Vec<usize> = (0..ROWS).map(|row| row * 7 / 3 % classes).collect();
        let [one, other] = [1, 2].map(|seed| probs(&targets, classes, seed));
        for patients in [ROWS, 200] {
            let groups = if patients == ROWS {
                Groups::apart(ROWS)
            } else {
                Groups::named(&(0..ROWS).map(|row| row % patients).collect::<Vec<_>>())
            };
            let sampling = Sampling {
                unit: Unit::Patient,
                groups: groups.clone(),
                bootstrap: Bootstrap::new(Seed(1)),
            };
            let begin = Instant::now();
            MetricSet::sampled(&targets, &one, classes, 1, &sampling)?;
            let intervals = begin.elapsed();
            let base = Probs::new(&targets, &one, classes)?;
            let changed = Probs::new(&targets, &other, classes)?;
            let model = |probs| ModelRows {
                targets: &targets,
                probs,
                groups: &groups,
            };
            let begin = Instant::now();
            let models = PairedModels::new(&[model(&base)], &[model(&changed)], 1);
            models.resample(Bootstrap::new(Seed(1)));
            let paired = begin.elapsed();
            let begin = Instant::now();
            Permutation::new(Seed(1)).p_values(&models);
            let exchanged = begin.elapsed();
            writeln!(
                out,
                "{classes} classes, {patients} groups: intervals {intervals:.2?}, paired differences {paired:.2?}, \
                 exchanges {exchanged:.2?}"
            )?;
        }
    }
    Ok(())
}
