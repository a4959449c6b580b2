//! Training from cached embeddings equals training by a forward pass for every patch and epoch.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::BTreeSet;
use std::time::Duration;

use eosin_core::config::{
    AugmentConfig, BackboneConfig, CacheDtype, Precision, TrainConfig, Weights,
};
use eosin_core::{Cut, FoldId, Normalisation, Preprocess, Seed, Task, Unwatched};
use eosin_data::{
    DecodeLimits, IngestOptions, InspectOptions, NoLedger, Patches, PhantomOptions, inspect,
    read_manifest, write_phantom,
};
use eosin_metrics::Metric;
use eosin_models::{Graph, Workspace};
use eosin_store::Cache;
use eosin_train::{
    Draw, Embedder, EmbeddingService, Embeddings, Epochs, FoldOutcome, FoldRows, FrozenGraph, Head,
    HeadTraining, InputSource, Keeper, PatchReader, PatchSet, PixelRows, PixelScale,
    PreparedBackbone, RowReader, RunAt, Session, TrainError, TrainJob, View, Views, WeightsOrigin,
};

const SIDE: usize = 40;
const SEED: Seed = Seed(11);

/// Computes each embedding anew when it is asked for, one patch at a time, as a notebook would.
struct ForwardPasses<'a> {
    backbone: &'a PreparedBackbone,
    graph: Graph,
    patches: PixelRows<'static>,
    scale: PixelScale,
}

impl InputSource for ForwardPasses<'_> {
    fn width(&self) -> usize {
        self.backbone.spec.embedding_width
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            let pixels = self.patches.patch(draw.row)?.pixels;
            let pixels = draw.symmetry.apply(&pixels, SIDE, SIDE, 3);
            let image: Vec<f32> = self.scale.interleaved(&pixels).collect();
            let mut workspace = Workspace::default();
            out.copy_from_slice(self.graph.run(1, &image, &mut workspace));
        }
        Ok(())
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    patches: Patches,
    cache: Cache,
    backbone: PreparedBackbone,
    preprocess: Preprocess,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = PhantomOptions {
            patients: 4,
            test_patients: 0,
            slides_per_patient: 1,
            patches_per_slide: 8,
            size_px: SIDE,
            ..PhantomOptions::default()
        };
        let data = folder.path().join("patches");
        write_phantom(&data, &options, &|_, _| ()).unwrap();
        let config = BackboneConfig {
            weights: Weights::Random,
            ..BackboneConfig::default()
        };
        let backbone = PreparedBackbone::new(&config, None, (2, SIDE), SEED).unwrap();
        let manifest = read_manifest(&data, &IngestOptions::default()).unwrap();
        let options = InspectOptions {
            decode: true,
            ..InspectOptions::default()
        };
        let found = inspect(&manifest, &options, &NoLedger, &|_, _| ());
        Self {
            patches: Patches::new(&manifest, found.contents, &BTreeSet::new()),
            cache: Cache::open(folder.path().join("cache"), u64::MAX).unwrap(),
            preprocess: Preprocess {
                size_px: SIDE,
                resize: None,
                stain: None,
                mpp: None,
                scale: Normalisation {
                    mean: backbone.spec.mean,
                    std: backbone.spec.std,
                },
            },
            backbone,
            _folder: folder,
        }
    }

    fn places(&self) -> Vec<usize> {
        (0..self.patches.manifest().patches.len()).collect()
    }

    fn targets(&self) -> Vec<usize> {
        let patches = self.patches.manifest().patches.iter();
        patches.filter_map(|patch| patch.class).collect()
    }

    fn embedder(&self) -> Embedder {
        let origin = WeightsOrigin {
            backbone: self.backbone.spec.name,
            weights_hash: &self.backbone.weights_hash,
        };
        let run_at = RunAt {
            size_px: SIDE,
            precision: Precision::F32,
        };
        let network = &self.backbone.network;
        let frozen = FrozenGraph::new(network, &origin, Cut::Embedding, run_at).unwrap();
        Embedder::new(frozen, self.preprocess.clone())
    }

    /// Embeddings under `views`, with how many patches had to be computed for them.
    fn embed(&self, dtype: CacheDtype, views: Views<'_>) -> (Embeddings, usize) {
        let embedder = self.embedder();
        let service = EmbeddingService {
            cache: &self.cache,
            dtype,
            embedder: &embedder,
            limits: DecodeLimits::default(),
        };
        let found = service.of(&self.patches, &self.places(), views, &mut |_| Ok(()));
        let (embeddings, count) = found.unwrap();
        assert_eq!(count.found + count.computed, self.places().len());
        (embeddings, count.computed)
    }

    fn cached(&self, dtype: CacheDtype) -> Embeddings {
        self.embed(dtype, Views::Symmetries).0
    }

    fn forward_passes(&self) -> ForwardPasses<'_> {
        let reader = RowReader {
            patches: &self.patches,
            places: &self.places(),
            reader: PatchReader::new(&self.preprocess, DecodeLimits::default()).unwrap(),
        };
        ForwardPasses {
            backbone: &self.backbone,
            graph: self.backbone.network.embedding(SIDE).unwrap(),
            patches: PixelRows::Decoded(PatchSet::decode(&reader).unwrap()),
            scale: PixelScale::new(&self.preprocess.scale),
        }
    }

    fn train(&self, source: &dyn InputSource) -> Vec<FoldOutcome<Head>> {
        let rows = self.places().len();
        let folds: Vec<FoldRows> = (0..2)
            .map(|fold| FoldRows {
                id: FoldId::new(0, fold),
                stream: fold as u64,
                train: (0..rows).filter(|row| row % 2 != fold).collect(),
                inner: Vec::new(),
                val: (0..rows).filter(|row| row % 2 == fold).collect(),
            })
            .collect();
        let config = TrainConfig {
            epochs: 3,
            batch_size: 5,
            dropout: 0.1,
            ..TrainConfig::default()
        };
        let training = HeadTraining {
            job: TrainJob {
                config: &config,
                augment: &AugmentConfig::default(),
                seed: SEED,
                task: &Task::new(["benign", "malignant"].map(str::to_owned).into(), 1),
                select: Metric::LogLoss,
                targets: &self.targets(),
                views: &[View::UPRIGHT],
            },
            folds: &folds,
            sources: vec![source; 2],
            finished: vec![None; 2],
        };
        let keeper = Keeper::new(None, [0; 32], Duration::MAX);
        let mut session = Session::new(keeper, &Unwatched);
        training.run(&mut session, Epochs::Told).unwrap()
    }
}

#[test]
fn training_from_the_cache_equals_training_by_forward_passes() {
    let fixture = Fixture::new();
    let cached = fixture.train(&fixture.cached(CacheDtype::F32));
    let passed = fixture.train(&fixture.forward_passes());
    for (a, b) in cached.iter().zip(&passed) {
        assert_eq!(a.kept_epoch, b.kept_epoch);
        for (a, b) in a.weights.values.iter().zip(&b.weights.values) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
        for (a, b) in a.logits.val.iter().zip(&b.logits.val) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
    // The weights have moved: equal because the trainings agree, not because nothing happened.
    let fresh = eosin_train::Head::init(&[256, 2], SEED, 0);
    assert!(
        cached[0]
            .weights
            .values
            .iter()
            .zip(&fresh.values)
            .any(|(a, b)| (a - b).abs() > 1e-3)
    );
}

#[test]
fn half_precision_embeddings_differ_by_their_rounding_only() {
    let fixture = Fixture::new();
    let exact = fixture.train(&fixture.cached(CacheDtype::F32));
    let rounded = fixture.train(&fixture.cached(CacheDtype::F16));
    assert_ne!(exact[0].weights, rounded[0].weights);
    for (a, b) in exact[0].logits.val.iter().zip(&rounded[0].logits.val) {
        assert!((a - b).abs() < 5e-3, "{a} {b}");
    }
}

#[test]
fn views_that_another_set_of_views_computed_are_not_computed_again() {
    let fixture = Fixture::new();
    let all = fixture.places().len();
    let (upright, computed) = fixture.embed(CacheDtype::F32, Views::Upright);
    assert_eq!(computed, all);
    let (symmetries, _) = fixture.embed(CacheDtype::F32, Views::Symmetries);
    let (again, computed) = fixture.embed(CacheDtype::F32, Views::Upright);
    assert_eq!(computed, 0);
    let (mut one, mut other) = (vec![0.0; 256], vec![1.0; 256]);
    for row in 0..all {
        upright.copy_view(row, 0, &mut one);
        for embeddings in [&symmetries, &again] {
            embeddings.copy_view(row, 0, &mut other);
            assert_eq!(one, other);
        }
    }
    assert_eq!(symmetries.views(), 8);
    assert_eq!(
        symmetries.keys()[0],
        fixture.patches.manifest().patches[0].key
    );
}

#[test]
fn patches_that_are_decoded_when_wanted_are_those_that_are_kept() {
    let fixture = Fixture::new();
    let places = fixture.places();
    let rows = RowReader {
        patches: &fixture.patches,
        places: &places,
        reader: PatchReader::new(&fixture.preprocess, DecodeLimits::default()).unwrap(),
    };
    let bytes = places.len() * SIDE * SIDE * 3;
    let kept = PixelRows::new(rows, bytes).unwrap();
    let read = PixelRows::new(rows, bytes - 1).unwrap();
    assert!(matches!(
        (&kept, &read),
        (PixelRows::Decoded(_), PixelRows::Read(_))
    ));
    for row in 0..places.len() {
        assert_eq!(
            kept.patch(row).unwrap().pixels,
            read.patch(row).unwrap().pixels
        );
    }
}
