//! The recipe of the embedded backbone, `eosin_mini`, by eosin's own full training.
//!
//! `cargo run --release -p eosin-train --example train_eosin_mini -- DATA OUT.safetensors`
//!
//! DATA holds `train` and `test`, each with `benign` and `malignant` patches of 96 pixels
//! (`pcam-khd`). 800 training patches are set aside to watch the training; the test part is scored
//! once, at the end, with the weights as they are stored (half precision). The model card beside
//! the weights states the seed, the score and the data.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use eosin_core::config::{AugmentConfig, Keep, TrainConfig, TrainMode};
use eosin_core::{BackboneName, FoldId, Seed, Stream, Task};
use eosin_data::{
    DecodeLimits, IngestOptions, InspectOptions, NoLedger, Normalisation, Patches, inspect,
    read_manifest,
};
use eosin_metrics::{Metric, MetricSet};
use eosin_models::{Backbone, BackboneSpec, StoredNetwork};
use eosin_train::{
    FoldRows, FoldTrainer, Moment, NetworkModel, PatchReader, PatchSet, PixelRows, PixelScale,
    PixelSource, RowReader, TrainJob, Trainable as _, TrainedPart, View, softmax,
};
use eosin_weights::{StoredAs, WeightFile, to_lazy, to_safetensors};
use rand::seq::SliceRandom as _;

const NAME: BackboneName = BackboneName::EosinMini;
const SEED: Seed = Seed(2020);
const SIDE: usize = 96;
const WATCHED: usize = 800;

fn config() -> TrainConfig {
    TrainConfig {
        mode: TrainMode::Full,
        epochs: 12,
        batch_size: 64,
        learning_rate: 2e-3,
        weight_decay: 0.05,
        warmup_epochs: 1.0,
        dropout: 0.2,
        label_smoothing: 0.1,
        keep: Keep::Best,
        ..TrainConfig::default()
    }
}

/// Decoded patches with their classes.
struct Labelled {
    patches: PixelRows<'static>,
    targets: Vec<usize>,
}

fn open(folder: &Path) -> Result<Patches, Box<dyn std::error::Error>> {
    let manifest = read_manifest(folder, &IngestOptions::default())?;
    let options = InspectOptions {
        decode: true,
        ..InspectOptions::default()
    };
    let found = inspect(&manifest, &options, &NoLedger, &|_, _| ());
    Ok(Patches::new(&manifest, found.contents, &BTreeSet::new()))
}

fn load(folder: &Path) -> Result<Labelled, Box<dyn std::error::Error>> {
    let patches = open(folder)?;
    let labels = &patches.manifest().patches;
    let places: Vec<usize> = (0..labels.len()).collect();
    let rows = RowReader {
        patches: &patches,
        places: &places,
        reader: PatchReader {
            limits: DecodeLimits::default(),
            stain: None,
            resize: None,
            size_px: SIDE,
        },
    };
    Ok(Labelled {
        patches: PixelRows::Decoded(PatchSet::decode(&rows)?),
        targets: labels.iter().filter_map(|patch| patch.class).collect(),
    })
}

/// Writes which files the weights have seen, so that eosin can warn of them.
fn write_seen(folder: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let patches = open(folder)?;
    let places = 0..patches.manifest().patches.len();
    let mut prefixes: Vec<[u8; 8]> = places
        .filter_map(|place| patches.hash(place).first_chunk().copied())
        .collect();
    prefixes.sort_unstable();
    eosin_store::write_atomic(out, prefixes.as_flattened())?;
    Ok(())
}

fn score(
    model: &NetworkModel,
    labelled: &Labelled,
    scale: PixelScale,
) -> Result<String, Box<dyn std::error::Error>> {
    let rows: Vec<usize> = (0..labelled.targets.len()).collect();
    let source = PixelSource {
        patches: &labelled.patches,
        scale,
        maker: None,
    };
    let mut probs = model.logits(&model.initial(), &source, &rows, &[View::UPRIGHT])?;
    softmax(&mut probs, 2);
    let set = MetricSet::new(&labelled.targets, &probs, 2, 1)?;
    let value = |value: Option<f64>| value.map_or("undefined".into(), |v| format!("{v:.4}"));
    Ok(format!(
        "auroc {} balanced accuracy {} khd {}",
        value(set.auroc),
        value(set.balanced_accuracy),
        value(set.khd)
    ))
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
    let fold = FoldRows {
        id: FoldId::default(),
        stream: 0,
        train: rows.to_vec(),
        inner: Vec::new(),
        val: watched.to_vec(),
    };
    let job = TrainJob {
        config: &config,
        augment: &AugmentConfig::default(),
        seed: SEED,
        task: &Task::new(["benign", "malignant"].map(str::to_owned).into(), 1),
        select: Metric::LogLoss,
        targets: &train.targets,
        views: &[View::UPRIGHT],
    };
    let part = TrainedPart {
        name: NAME,
        classes: 2,
        size_px: SIDE,
        stage: 0,
        map: [SIDE, SIDE, 3],
    };
    let network = StoredNetwork::fresh(Backbone::new(NAME, 2, SIDE), SEED);
    let count = network.architecture().parameter_count();
    println!("{NAME}: {count} parameters");
    let model = NetworkModel::new(&part, network.weights(), &config)?;
    let source = PixelSource {
        patches: &train.patches,
        scale: scale.clone(),
        maker: None,
    };
    let mut trainer = FoldTrainer::new(job, &fold, &source, model);
    trainer.run(&mut |trainer, moment| {
        if let (Moment::Epoch, Some(epoch)) = (moment, trainer.epochs().last()) {
            println!("{epoch:?}");
        }
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
    let bytes = to_safetensors(
        &trainer.model().tensors(trainer.judged()),
        &notes,
        StoredAs::F16,
    );
    let stored = WeightFile::parse("stored", &bytes)?;
    let model = NetworkModel::new(&part, &to_lazy(stored.tensors), &config)?;
    let test = load(&data.join("test"))?;
    println!("test: {}", score(&model, &test, scale)?);
    eosin_store::write_atomic(out, &bytes)?;
    println!("{}: {} bytes", out.display(), bytes.len());
    Ok(())
}
