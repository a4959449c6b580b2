//! The recipe of the embedded backbone, `eosin_mini`, by eosin's own full training.
//!
//! `cargo run --release -p eosin-train --example train_eosin_mini -- DATA OUT.safetensors`
//!
//! DATA holds `train` and `test`, each with `benign` and `malignant` patches of 96 pixels
//! (`pcam-khd`). 800 training patches are set aside to watch the training; the test part is scored
//! once, at the end, with the weights as they are stored (half precision). The model card beside
//! the weights states the seed, the score and the data.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use eosin_core::config::TrainConfig;
use eosin_core::{BackboneName, Seed, Stream};
use eosin_data::{DecodeLimits, IngestOptions, Normalisation, read_manifest};
use eosin_metrics::MetricSet;
use eosin_models::{
    Backbone, BackboneSpec, cpu, init_state, load_weights, parameter_count, state_dict,
};
use eosin_train::{
    FullTraining, Loss, PatchReader, PatchSet, PixelScale, TrainError, predict_full,
};
use eosin_weights::{StoredAs, WeightFile, to_safetensors};
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

const NAME: BackboneName = BackboneName::EosinMini;
const SEED: Seed = Seed(2020);
const SIDE: usize = 96;
const WATCHED: usize = 800;

fn config() -> TrainConfig {
    TrainConfig {
        epochs: 12,
        batch_size: 64,
        learning_rate: 2e-3,
        weight_decay: 0.05,
        warmup_epochs: 1.0,
        dropout: 0.2,
        label_smoothing: 0.1,
        ..TrainConfig::default()
    }
}

fn load(folder: &Path) -> Result<PatchSet, Box<dyn std::error::Error>> {
    let manifest = read_manifest(folder, &IngestOptions::default())?;
    let reader = PatchReader {
        limits: DecodeLimits::default(),
        resize: None,
        size_px: SIDE,
    };
    let read = |patch: &eosin_data::Patch| Ok(reader.read(&patch.path)?.pixels);
    let pixels: Result<Vec<Vec<u8>>, TrainError> = manifest.patches.par_iter().map(read).collect();
    let targets = manifest
        .patches
        .iter()
        .filter_map(|patch| patch.class)
        .collect();
    Ok(PatchSet {
        size_px: SIDE,
        pixels: pixels?.concat(),
        targets,
    })
}

/// Writes which files the weights have seen, so that eosin can warn of them.
fn write_seen(folder: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let manifest = read_manifest(folder, &IngestOptions::default())?;
    let paths: Vec<PathBuf> = manifest
        .patches
        .into_iter()
        .map(|patch| patch.path)
        .collect();
    let hashes = eosin_train::content_hashes(&paths)?;
    let mut prefixes: Vec<[u8; 8]> = hashes
        .iter()
        .filter_map(|hash| hash.first_chunk().copied())
        .collect();
    prefixes.sort_unstable();
    eosin_store::write_atomic(out, prefixes.as_flattened())?;
    Ok(())
}

fn score(network: &Backbone, patches: &PatchSet, rows: &[usize], scale: &PixelScale) -> String {
    let (_, probs) = predict_full(network, patches, rows, scale);
    let targets: Vec<usize> = rows.iter().map(|row| patches.targets[*row]).collect();
    MetricSet::new(&targets, &probs, 2, 1).map_or_else(
        |error| error.to_string(),
        |set| {
            let value =
                |value: Option<f64>| value.map_or("undefined".into(), |v| format!("{v:.4}"));
            format!(
                "auroc {} balanced accuracy {} khd {}",
                value(set.auroc),
                value(set.balanced_accuracy),
                value(set.khd)
            )
        },
    )
}

#[expect(clippy::print_stdout, reason = "an example prints what it does")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [data, out] = args.as_slice() else {
        return Err("usage: train_eosin_mini DATA OUT.safetensors".into());
    };
    let spec = BackboneSpec::of(NAME);
    let scale = PixelScale::new(&Normalisation {
        mean: spec.mean,
        std: spec.std,
    });
    write_seen(&data.join("train"), &out.with_extension("seen"))?;
    let train = load(&data.join("train"))?;
    let mut rows: Vec<usize> = (0..train.targets.len()).collect();
    rows.shuffle(&mut SEED.stream(Stream::Split, &[]));
    let (watched, rows) = rows.split_at(WATCHED);
    let config = config();
    let training = FullTraining {
        config: &config,
        seed: SEED,
        fold: 0,
        patches: &train,
        rows,
        scale: scale.clone(),
        loss: Loss::new(&config, vec![1.0; 2], 1),
    };
    let network = init_state(Backbone::new(NAME, 2, SIDE, &cpu(true)), SEED);
    println!("{NAME}: {} parameters", parameter_count(&network));
    let network = training.run(network, &mut |_, _| (), &mut |end, network| {
        let seen = score(network, &train, watched, &scale);
        println!(
            "epoch {}: loss {:.4}; {seen}",
            end.epoch + 1,
            end.train_loss
        );
        Ok(ControlFlow::Continue(()))
    })?;
    let notes = [
        ("architecture", NAME.as_str()),
        ("data", "pcam-khd train (CC0)"),
        ("seed", "2020"),
    ];
    let notes: BTreeMap<String, String> = notes
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let bytes = to_safetensors(&state_dict(&network), &notes, StoredAs::F16);
    let stored = WeightFile::parse("stored", &bytes)?;
    let network = load_weights(Backbone::new(NAME, 2, SIDE, &cpu(false)), NAME, &stored)?.network;
    let test = load(&data.join("test"))?;
    let all: Vec<usize> = (0..test.targets.len()).collect();
    println!("test: {}", score(&network, &test, &all, &scale));
    eosin_store::write_atomic(out, &bytes)?;
    println!("{}: {} bytes", out.display(), bytes.len());
    Ok(())
}
