//! Heads that are trained side by side come to what each comes to alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::BTreeSet;

use eosin_core::config::{ClassWeights, OptimiserKind, ScheduleKind, TrainConfig, TrainMode};
use eosin_core::{Config, Task, Unwatched};
use eosin_data::{
    Folds, IngestOptions, InspectOptions, NoLedger, Patches, PhantomOptions, SplitOptions, inspect,
    read_manifest, split, write_phantom,
};
use eosin_metrics::{Metric, MetricSet};
use eosin_store::Cache;
use eosin_train::{
    ColumnEpoch, ColumnOutcome, PreparedBackbone, Run, StartingPoint, TrainError, WatchColumns,
    shared_by_columns,
};

/// Ends the column at one place after some epochs.
struct EndsOne {
    place: Option<usize>,
    after: usize,
}

impl WatchColumns for EndsOne {
    fn looks_after(&self, epochs: usize) -> bool {
        epochs == self.after
    }

    fn look(&mut self, _: usize, columns: &[ColumnEpoch]) -> Result<Vec<usize>, TrainError> {
        let defined = |epoch: &ColumnEpoch| epoch.folds.iter().all(Option::is_some);
        assert!(columns.iter().all(defined));
        Ok(self.place.into_iter().collect())
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    patches: Patches,
    folds: Folds,
    start: StartingPoint,
    cache: Cache,
    task: Task,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("patches");
        let few = PhantomOptions {
            patients: 6,
            test_patients: 0,
            slides_per_patient: 1,
            patches_per_slide: 8,
            size_px: 32,
            ..PhantomOptions::default()
        };
        write_phantom(&data, &few, &|_, _| ()).unwrap();
        let manifest = read_manifest(&data, &IngestOptions::default()).unwrap();
        let options = InspectOptions {
            decode: true,
            ..InspectOptions::default()
        };
        let found = inspect(&manifest, &options, &NoLedger, &|_, _| ());
        let options = SplitOptions {
            k: 3,
            ..SplitOptions::default()
        };
        let config = Config::default();
        let backbone = PreparedBackbone::new(&config.backbone, None, (2, 32), config.seed);
        Self {
            folds: split(&manifest, &options).unwrap().0,
            patches: Patches::new(&manifest, found.contents, &BTreeSet::new()),
            start: backbone.unwrap().into(),
            cache: Cache::open(folder.path().join("cache"), u64::MAX).unwrap(),
            task: Task::new(manifest.classes, 1),
            _folder: folder,
        }
    }

    fn run<'a>(&'a self, config: &'a Config) -> Run<'a> {
        Run {
            config,
            patches: &self.patches,
            folds: &self.folds,
            start: &self.start,
            cache: &self.cache,
            size_px: 32,
            task: &self.task,
            select: Metric::Auroc,
            folder: None,
        }
    }
}

fn head() -> TrainConfig {
    TrainConfig {
        mode: TrainMode::Head,
        epochs: 4,
        batch_size: 16,
        ..TrainConfig::default()
    }
}

/// Configurations that see the same batches.
fn configs() -> Vec<Config> {
    let trains = [
        head(),
        TrainConfig {
            learning_rate: 0.1,
            weight_decay: 0.3,
            label_smoothing: 0.1,
            ..head()
        },
        TrainConfig {
            epochs: 6,
            optimiser: OptimiserKind::Sgd,
            schedule: ScheduleKind::OneCycle,
            clip_norm: 0.5,
            ..head()
        },
        TrainConfig {
            ema_decay: 0.9,
            lookahead: 3,
            ..head()
        },
        TrainConfig {
            learning_rate: 1e29,
            ..head()
        },
    ];
    let config = |train| Config {
        train,
        ..Config::default()
    };
    trains.into_iter().map(config).collect()
}

/// Products over more columns are summed in another order: equal but for what single precision
/// rounds.
#[track_caller]
fn assert_near(got: &[MetricSet], expected: &[MetricSet]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        let [got, expected] = [got, expected].map(|set| set.log_loss.unwrap());
        assert!(
            (got - expected).abs() < 1e-5 * expected,
            "{got} beside {expected}"
        );
    }
}

#[test]
fn heads_trained_side_by_side_come_to_what_they_come_to_alone() {
    let fixture = Fixture::new();
    let configs = configs();
    let shared: Vec<_> = configs.iter().map(shared_by_columns).collect();
    assert!(shared.iter().all(|one| one.is_some() && *one == shared[0]));
    let trains: Vec<&TrainConfig> = configs.iter().map(|config| &config.train).collect();
    let mut nobody = EndsOne {
        place: None,
        after: 2,
    };
    let columns = fixture.run(&configs[0]);
    let columns = columns.columns(&trains, &Unwatched, &mut nobody).unwrap();
    for (config, column) in configs.iter().zip(columns) {
        let alone = fixture.run(config).run(&Unwatched);
        match column {
            ColumnOutcome::Trained { folds, out_of_fold } => {
                let alone = alone.unwrap();
                let own: Vec<MetricSet> = alone
                    .folds
                    .iter()
                    .map(|fold| fold.metrics.clone())
                    .collect();
                assert_near(&folds, &own);
                assert_near(&out_of_fold, &alone.metrics.out_of_fold);
            }
            ColumnOutcome::Failed(error) => {
                // A column's validation part is looked at in the end only, so it is found out an epoch
                // later, by its training loss.
                for said in [error.to_string(), alone.unwrap_err().to_string()] {
                    assert!(said.contains("training diverged in fold 0"), "{said}");
                }
            }
            ColumnOutcome::Ended => panic!("nobody ended it"),
        }
    }
}

#[test]
fn heads_solved_side_by_side_are_the_same_bits_as_alone() {
    let fixture = Fixture::new();
    let probe = |strength: f64, class_weights: ClassWeights| TrainConfig {
        strength,
        class_weights,
        ..TrainConfig::default()
    };
    let trains = [
        probe(0.01, ClassWeights::None),
        probe(1.0, ClassWeights::Balanced),
        probe(1e5, ClassWeights::None),
        probe(0.01, ClassWeights::Balanced),
    ];
    let config = |train: &TrainConfig| Config {
        train: train.clone(),
        ..Config::default()
    };
    let configs = trains.each_ref().map(config);
    let shared: Vec<_> = configs.iter().map(shared_by_columns).collect();
    assert!(shared.iter().all(|one| one.is_some() && *one == shared[0]));
    // What chooses its penalty itself is columns enough.
    assert!(shared_by_columns(&Config::default()).is_none());
    let mut nobody = EndsOne {
        place: None,
        after: 0,
    };
    let columns = fixture.run(&configs[0]);
    let columns = columns.columns(&trains.each_ref(), &Unwatched, &mut nobody);
    for (config, column) in configs.iter().zip(columns.unwrap()) {
        let alone = fixture.run(config).run(&Unwatched).unwrap();
        let ColumnOutcome::Trained { folds, out_of_fold } = column else {
            panic!("{column:?}");
        };
        let own = alone.folds.iter().map(|fold| fold.metrics.clone());
        assert_eq!(folds, own.collect::<Vec<_>>());
        // A run's intervals are resampled by patient, those of columns nobody reads.
        assert_eq!(plain(&out_of_fold), plain(&alone.metrics.out_of_fold));
    }
}

fn plain(sets: &[MetricSet]) -> Vec<MetricSet> {
    let plain = |set: &MetricSet| set.clone().without_intervals();
    sets.iter().map(plain).collect()
}

#[test]
fn a_head_that_cannot_be_solved_takes_no_other_with_it() {
    let fixture = Fixture::new();
    let probe = |strength: f64| TrainConfig {
        strength,
        ..TrainConfig::default()
    };
    let trains = [probe(0.01), probe(1e300), probe(1.0)];
    let config = Config {
        train: trains[0].clone(),
        ..Config::default()
    };
    let mut nobody = EndsOne {
        place: None,
        after: 0,
    };
    let run = fixture.run(&config);
    let columns = run
        .columns(&trains.each_ref(), &Unwatched, &mut nobody)
        .unwrap();
    let [
        ColumnOutcome::Trained { .. },
        ColumnOutcome::Failed(error),
        ColumnOutcome::Trained { .. },
    ] = &columns[..]
    else {
        panic!("one of three fails: {columns:?}");
    };
    assert!(matches!(error, TrainError::Head(_)), "{error}");
}

#[test]
fn a_column_that_is_ended_leaves_the_others_as_they_were() {
    let fixture = Fixture::new();
    let configs = &configs()[..2];
    let trains: Vec<&TrainConfig> = configs.iter().map(|config| &config.train).collect();
    let mut second = EndsOne {
        place: Some(1),
        after: 1,
    };
    let run = fixture.run(&configs[0]);
    let columns = run.columns(&trains, &Unwatched, &mut second).unwrap();
    let [ColumnOutcome::Trained { folds, .. }, ColumnOutcome::Ended] = &columns[..] else {
        panic!("{columns:?}");
    };
    let alone = run.run(&Unwatched).unwrap();
    let own: Vec<MetricSet> = alone
        .folds
        .iter()
        .map(|fold| fold.metrics.clone())
        .collect();
    assert_near(folds, &own);
}

#[test]
fn what_sees_other_batches_is_no_column_beside_others() {
    let base = Config {
        train: head(),
        ..Config::default()
    };
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = base.clone();
        change(&mut config);
        shared_by_columns(&config)
    };
    let shared = shared_by_columns(&base);
    assert_eq!(with(&|config| config.train.epochs = 9), shared);
    assert_ne!(with(&|config| config.train.batch_size = 8), shared);
    assert_ne!(with(&|config| config.seed.0 = 1), shared);
    for change in [
        (|config| config.train.dropout = 0.1) as fn(&mut Config),
        |config| config.train.sam_rho = 0.1,
        |config| config.train.accumulate = 2,
        |config| config.augment.mixup = 0.2,
        |config| config.train.mode = TrainMode::Probe,
    ] {
        assert_eq!(with(&change), None);
    }
}
