//! A report made by code, like one of a real run: seeded noise for probabilities and curves.

mod judged;

use eosin_metrics::{Metric, MetricSet, Unit};
use eosin_report::{
    AuditSummary, Check, Counted, DataSummary, EpochPoint, Evaluation, Fact, FoldReport, Mime,
    PageOne, Report, SplitCounts, Study, Thumbnail, Timing, WrongPatch,
};

/// A linear congruential generator (Knuth's MMIX), enough for noise.
struct Noise(u64);

impl Noise {
    fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal: the sum of twelve uniform draws less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

struct Predictions {
    targets: Vec<usize>,
    probs: Vec<f64>,
}

fn predictions(count: usize, classes: usize, signal: f64, seed: u64) -> Predictions {
    let mut noise = Noise(seed);
    let (mut targets, mut probs) = (vec![], vec![]);
    for _ in 0..count {
        let target = if classes == 2 {
            usize::from(noise.unit() < 0.3)
        } else {
            (0..classes - 1)
                .find(|_| noise.unit() < 0.4)
                .unwrap_or(classes - 1)
        };
        let logits: Vec<f64> = (0..classes)
            .map(|class| noise.normal() + if class == target { signal } else { 0.0 })
            .collect();
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        probs.extend(logits.iter().map(|logit| logit.exp() / sum));
        targets.push(target);
    }
    Predictions { targets, probs }
}

fn evaluation(name: &str, note: &str, made: &Predictions, classes: usize) -> Evaluation {
    Evaluation::new(name, note, &made.targets, &made.probs, classes, 1).unwrap()
}

fn fold(index: usize, classes: usize) -> FoldReport {
    let seed = index as u64 + 1;
    let made = predictions(800, classes, 2.6, seed);
    let mut noise = Noise(seed * 77);
    let epochs: Vec<EpochPoint> = (1..=20)
        .map(|epoch| {
            let progress = (-f64::from(epoch) / 5.0).exp();
            EpochPoint {
                epoch,
                train_loss: 0.22 + 0.45 * progress + 0.01 * noise.normal(),
                val_loss: Some(0.27 + 0.38 * progress + 0.015 * noise.normal()),
                val_metric: Some(0.955 - 0.2 * progress + 0.006 * noise.normal()),
            }
        })
        .collect();
    let best = epochs
        .iter()
        .max_by(|a, b| a.val_metric.partial_cmp(&b.val_metric).unwrap());
    FoldReport {
        name: index.to_string(),
        train_count: 7200,
        metrics: MetricSet::new(&made.targets, &made.probs, classes, 1).unwrap(),
        kept_epoch: best.unwrap().epoch,
        strength: None,
        epochs,
    }
}

/// A one-pixel PNG.
const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53,
    0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x08, 0xd7, 0x63, 0xb8, 0x70, 0xe1, 0x02,
    0x00, 0x05, 0x04, 0x02, 0x81, 0x1e, 0x9d, 0x9f, 0x8b, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

fn wrong_patches(classes: usize) -> Vec<WrongPatch> {
    (0..8)
        .map(|index| WrongPatch {
            key: format!("slide_{:03}/patch_{:05}.png", index * 7, index * 311),
            target: index % classes,
            pred: (index + 1) % classes,
            pred_prob: 0.998 - 0.01 * index as f64,
            origin: if index == 5 {
                "test".to_owned()
            } else {
                format!("fold {}", index % 10)
            },
            thumbnail: (index != 3).then(|| Thumbnail {
                mime: Mime::Png,
                bytes: PIXEL.to_vec(),
            }),
            map: (index == 0).then(|| Thumbnail {
                mime: Mime::Png,
                bytes: PIXEL.to_vec(),
            }),
        })
        .collect()
}

/// A report of `fold_count` folds over `classes`.
pub fn report(classes: &[&str], fold_count: usize) -> Report {
    let count = classes.len();
    let (oof, test) = (
        predictions(8000, count, 2.6, 99),
        predictions(2000, count, 2.4, 7),
    );
    let single = predictions(2000, count, 2.2, 8);
    Report {
        title: "Breast patches, benign against malignant".to_owned(),
        run_id: "2026-11-23-brave-hematoxylin".to_owned(),
        created: "2026-11-23 20:15 UTC".to_owned(),
        eosin_version: "0.1.0".to_owned(),
        classes: classes.iter().map(|&class| class.to_owned()).collect(),
        positive: 1,
        data: DataSummary {
            source: "/data/khd/train".to_owned(),
            split_kind: "10 folds, stratified, grouped by patient".to_owned(),
            splits: vec![
                SplitCounts {
                    name: "train".to_owned(),
                    patches: patches(count, 2400),
                    groups: Some(412),
                },
                SplitCounts {
                    name: "test".to_owned(),
                    patches: patches(count, 600),
                    groups: None,
                },
            ],
            facts: vec![
                Fact::new("patch size", "512 x 512 px"),
                Fact::new("skipped", "2 files"),
            ],
        },
        page_one: page_one(&test, count),
        study: study(),
        ensemble: None,
        pairs: None,
        deciding: (count == 2).then(|| judged::deciding(&oof.targets, &oof.probs)),
        audit: AuditSummary {
            sentences: vec!["10 000 patches were searched for the same tissue.".to_owned()],
            command: "eosin audit --data /data/khd --run runs/1".to_owned(),
            ..AuditSummary::default()
        },
        optimism: None,
        warnings: vec![
            "no groups are known for the test split: patches of one patient may be in both"
                .to_owned(),
            "3 patches are near blank".to_owned(),
        ],
        selection: Metric::Khd,
        folds: (0..fold_count).map(|index| fold(index, count)).collect(),
        strength: None,
        kept: "Each fold keeps its last epoch.".to_owned(),
        best_fold: (fold_count > 3).then_some(3),
        evaluations: vec![
            evaluation(
                "Out-of-fold",
                "each patch by the model that did not see it",
                &oof,
                count,
            ),
            evaluation(
                "Test, fold average",
                "mean probability of the 10 folds",
                &test,
                count,
            ),
            evaluation(
                "Test, best fold",
                "fold 3, chosen by validation KHD",
                &single,
                count,
            ),
        ],
        slices: None,
        robustness: None,
        speaking: Vec::new(),
        most_wrong: wrong_patches(count),
        config_toml: "seed = 7\n\n[backbone]\nname = \"efficientnet-lite0\"\nsize_px = 224\n"
            .to_owned(),
        timings: timings(),
        reproducibility: vec![
            Fact::new("seed", "7"),
            Fact::new("device", "flex (CPU), 2 threads"),
            Fact::new("manifest", "blake3:5d1c0e7aa0b4e0f2c9d3b1a5"),
            Fact::new("weights", "blake3:0a77c9f5e1d24b6f8a90cc31"),
        ],
        command: "eosin run --data /data/khd --seed 7 --backbone efficientnet-lite0".to_owned(),
    }
}

fn page_one(test: &Predictions, count: usize) -> PageOne {
    PageOne {
        missed: wrong_patches(count).into_iter().take(3).collect(),
        intended_use: Some("To sort patches for a second look; never to diagnose.".to_owned()),
        judged: "Figures are of the test part, by all folds together".to_owned(),
        decided: "A patch counts as its likeliest class.".to_owned(),
        is_moved: false,
        patches: test.targets.len() as u64,
        counted: Some(Counted {
            by: Unit::Patient,
            groups: 412,
        }),
        figures: judged::figures(&evaluation("Test", "", test, count)),
        prevalence: Some(0.05),
        cannot_tell: vec![
            "How it does elsewhere: nothing of another source was judged.".to_owned(),
        ],
        no_pictures: None,
    }
}

fn timings() -> Vec<Timing> {
    vec![
        Timing {
            stage: "inspect".to_owned(),
            wall_secs: 1.94,
            note: "4,100 images/s".to_owned(),
        },
        Timing {
            stage: "embed".to_owned(),
            wall_secs: 912.0,
            note: "64,000 passes".to_owned(),
        },
        Timing {
            stage: "train".to_owned(),
            wall_secs: 8.31,
            note: "10 folds together".to_owned(),
        },
    ]
}

fn study() -> Study {
    let said = |text: &str| text.to_owned();
    Study {
        model: said(
            "efficientnet-lite0, frozen, and a logistic head that is solved on its embeddings.",
        ),
        initial_weights: said("Weights of the network: taken from a file."),
        training: said("Heads of all folds are solved."),
        preprocessing: said("Patches are decoded to RGB."),
        augmentation: said("Training patches are seen under the symmetries d4."),
        imbalance: said("Classes of unequal size: every patch counts once, no class weights."),
        partition: said("Divided by k-fold, 10 folds, every patient kept together."),
        kept_together: Some(said("patient")),
        selection: said("The best fold is the one with the best KHD score."),
        combination: said("Test patches are judged by the mean of the logits of 10 folds."),
        checks: vec![Check {
            name: said("parts are disjoint"),
            problem: None,
        }],
        left_out: Some(2),
        mpp: None,
        software: said("eosin 0.1.0 on cpu, 2 threads; seed 7."),
        input: said("The model takes square RGB patches, seen at 224 x 224 px."),
        run: said("runs/1"),
    }
}

fn patches(classes: usize, each: u64) -> Vec<u64> {
    (0..classes as u64)
        .map(|class| each * (classes as u64 - class))
        .collect()
}
