//! Training from cached embeddings equals training by a forward pass for every patch and epoch.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use eosin_core::config::{AugmentConfig, BackboneConfig, CacheDtype, Precision, TrainConfig};
use eosin_core::{BackboneName, Seed};
use eosin_data::{
    DecodeLimits, IngestOptions, Manifest, Normalisation, PhantomOptions, read_manifest,
    write_phantom,
};
use eosin_metrics::Metric;
use eosin_models::{Graph, Workspace};
use eosin_store::{Cache, Recipe};
use eosin_train::{
    CachedRows, Draw, Embedder, FoldOutcome, FoldRows, Head, HeadTraining, InputSource, Keeper,
    PatchReader, PatchSet, PixelScale, PreparedBackbone, TrainError, TrainJob, Views,
    content_hashes,
};

const SIDE: usize = 40;
const SEED: Seed = Seed(11);

/// Computes each embedding anew when it is asked for, one patch at a time, as a notebook would.
struct ForwardPasses<'a> {
    backbone: &'a PreparedBackbone,
    graph: Graph,
    patches: PatchSet,
    scale: PixelScale,
}

impl InputSource for ForwardPasses<'_> {
    fn width(&self) -> usize {
        self.backbone.spec.embedding_width
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            let pixels = self.patches.image(draw.row);
            let pixels = draw.symmetry.apply(pixels, SIDE, SIDE, 3);
            let image: Vec<f32> = self.scale.interleaved(&pixels).collect();
            let mut workspace = Workspace::default();
            out.copy_from_slice(self.graph.run(1, &image, &mut workspace));
        }
        Ok(())
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    manifest: Manifest,
    cache: Cache,
    backbone: PreparedBackbone,
    reader: PatchReader,
    scale: Normalisation,
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
            weights: "random".into(),
            ..BackboneConfig::default()
        };
        let backbone = PreparedBackbone::new(&config, None, (2, SIDE), SEED).unwrap();
        Self {
            manifest: read_manifest(&data, &IngestOptions::default()).unwrap(),
            cache: Cache::open(folder.path().join("cache"), u64::MAX).unwrap(),
            scale: Normalisation {
                mean: backbone.spec.mean,
                std: backbone.spec.std,
            },
            backbone,
            reader: PatchReader {
                limits: DecodeLimits::default(),
                resize: None,
                size_px: SIDE,
            },
            _folder: folder,
        }
    }

    fn targets(&self) -> Vec<usize> {
        self.manifest
            .patches
            .iter()
            .filter_map(|patch| patch.class)
            .collect()
    }

    fn cached(&self, dtype: CacheDtype) -> CachedRows {
        let paths: Vec<PathBuf> = self
            .manifest
            .patches
            .iter()
            .map(|p| p.path.clone())
            .collect();
        let hashes = content_hashes(&paths).unwrap();
        let embedder = Embedder::new(
            (&self.backbone.network, None),
            self.reader,
            &self.scale,
            Precision::F32,
        )
        .unwrap();
        let recipe = Recipe {
            decode_version: 1,
            size_px: None,
            resize: None,
            non_square: None,
            mean_bits: Recipe::bits(self.scale.mean),
            std_bits: Recipe::bits(self.scale.std),
            stain: None,
            backbone: BackboneName::EosinMini,
            weights_hash: self.backbone.weights_hash.clone(),
            cut: "embedding".into(),
            dtype,
            symmetries: 8,
            views: None,
            kernels: "test".into(),
        };
        let mut entry = self.cache.entry(&recipe, embedder.width()).unwrap();
        let files: Vec<_> = hashes
            .iter()
            .copied()
            .zip(paths.iter().map(PathBuf::as_path))
            .collect();
        let first = embedder
            .fill(&mut entry, &files, Views::Symmetries(8), &mut |_, _| Ok(()))
            .unwrap();
        assert_eq!((first.found, first.computed), (0, files.len()));
        let again = embedder
            .fill(&mut entry, &files, Views::Symmetries(8), &mut |_, _| Ok(()))
            .unwrap();
        assert_eq!((again.found, again.computed), (files.len(), 0));
        CachedRows::new(entry.reader().unwrap(), &hashes, embedder.shape()).unwrap()
    }

    fn forward_passes(&self) -> ForwardPasses<'_> {
        let read = |path: &Path| self.reader.read(path).unwrap().pixels;
        let pixels = self
            .manifest
            .patches
            .iter()
            .flat_map(|patch| read(&patch.path))
            .collect();
        ForwardPasses {
            backbone: &self.backbone,
            graph: self.backbone.network.embedding(SIDE).unwrap(),
            patches: PatchSet {
                size_px: SIDE,
                pixels,
                targets: self.targets(),
            },
            scale: PixelScale::new(&self.scale),
        }
    }

    fn train(&self, source: &dyn InputSource) -> Vec<FoldOutcome<Head>> {
        let rows = self.manifest.patches.len();
        let folds: Vec<FoldRows> = (0..2)
            .map(|fold| FoldRows {
                repeat: 0,
                fold,
                stream: fold as u64,
                train: (0..rows).filter(|row| row % 2 != fold).collect(),
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
                classes: 2,
                positive: 1,
                select: Metric::LogLoss,
                targets: &self.targets(),
            },
            folds: &folds,
            sources: vec![source; 2],
        };
        let interrupt = AtomicBool::new(false);
        let mut keeper = Keeper::new(None, &interrupt, [0; 32], Duration::MAX);
        training.run(&mut keeper, &mut |_, _| ()).unwrap()
    }
}

#[test]
fn training_from_the_cache_equals_training_by_forward_passes() {
    let fixture = Fixture::new();
    let cached = fixture.train(&fixture.cached(CacheDtype::F32));
    let passed = fixture.train(&fixture.forward_passes());
    for (a, b) in cached.iter().zip(&passed) {
        assert_eq!(a.best_epoch, b.best_epoch);
        for (a, b) in a.weights.values.iter().zip(&b.weights.values) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
        for (a, b) in a.val_probs.iter().zip(&b.val_probs) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
    // The weights have moved: equal because the trainings agree, not because nothing happened.
    let fresh = eosin_train::Head::init(256, 2, SEED, 0);
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
    for (a, b) in exact[0].val_probs.iter().zip(&rounded[0].val_probs) {
        assert!((a - b).abs() < 5e-3, "{a} {b}");
    }
}
