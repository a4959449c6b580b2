//! Epochs, or what a solved head came to, as TensorBoard event files: one run a fold, so that their
//! curves lie over each other.
//!
//! A file is a sequence of records (`TFRecord`): the length of an `Event` message, the message, and a
//! masked CRC-32C of each. Field numbers are those of `event.proto` and `summary.proto`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use eosin_core::FoldId;
use eosin_metrics::{Metric, MetricSet};
use eosin_train::{EpochRecord, ProbeRecord};
use prost::Message;

/// Folder within a run.
const FOLDER: &str = "tensorboard";
/// TensorBoard looks for `tfevents` in names.
const FILE: &str = "events.out.tfevents.0.eosin";

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    /// Optional, so that a zero is written.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// Writes the epochs of a run as they end, and what its solved heads come to.
pub struct TensorBoard {
    dir: PathBuf,
    files: BTreeMap<FoldId, File>,
}

impl TensorBoard {
    /// Writes into the run folder `run`.
    pub fn new(run: &Path) -> Self {
        Self {
            dir: run.join(FOLDER),
            files: BTreeMap::new(),
        }
    }

    /// Removes what an earlier run wrote into the folder `run`.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear(run: &Path) -> Result<()> {
        let dir = run.join(FOLDER);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
        }
        Ok(())
    }

    /// Adds an epoch of a fold.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn epoch(&mut self, fold: FoldId, record: &EpochRecord) -> Result<()> {
        let values = [
            ("loss/train", Some(record.train_loss)),
            ("loss/val", Some(record.val_loss)),
            ("val/select", record.val_metric),
            ("val/auroc", record.val_auroc),
            ("val/balanced_accuracy", record.val_balanced_accuracy),
        ];
        let values = values.map(|(tag, value)| (tag.to_owned(), value));
        self.scalars(fold, i64::try_from(record.epoch)?, values)
    }

    /// Adds what a fold came to whose head was solved: it has no epochs, so all is at step 0.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn solved(
        &mut self,
        fold: FoldId,
        record: &ProbeRecord,
        metrics: &MetricSet,
    ) -> Result<()> {
        let shown = record.shown();
        let strength = (format!("probe/{}", shown.name), Some(shown.value));
        let metrics = Metric::ALL
            .iter()
            .map(|metric| (format!("val/{metric}"), metrics.get(*metric)));
        self.scalars(fold, 0, metrics.chain([strength]))
    }

    /// Adds the values that are defined.
    fn scalars(
        &mut self,
        fold: FoldId,
        step: i64,
        values: impl IntoIterator<Item = (String, Option<f64>)>,
    ) -> Result<()> {
        let scalar = |(tag, value): (String, Option<f64>)| {
            value.map(|value| Scalar {
                tag,
                simple_value: Some(narrow(value)),
            })
        };
        let event = Event {
            wall_time: now(),
            step,
            file_version: None,
            summary: Some(Summary {
                value: values.into_iter().filter_map(scalar).collect(),
            }),
        };
        let path = self
            .dir
            .join(format!("fold-{}-{}", fold.repeat, fold.fold))
            .join(FILE);
        let told = || format!("cannot write {}", path.display());
        let file = match self.files.entry(fold) {
            Entry::Occupied(file) => file.into_mut(),
            Entry::Vacant(place) => place.insert(open(&path).with_context(told)?),
        };
        file.write_all(&framed(&event)).with_context(told)
    }
}

/// A new file with the record that every file begins with.
fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut file = File::create(path)?;
    let first = Event {
        wall_time: now(),
        file_version: Some("brain.Event:2".to_owned()),
        ..Event::default()
    };
    file.write_all(&framed(&first))?;
    Ok(file)
}

fn framed(event: &Event) -> Vec<u8> {
    let message = event.encode_to_vec();
    let length = (message.len() as u64).to_le_bytes();
    let mut bytes = length.to_vec();
    bytes.extend(masked(&length).to_le_bytes());
    bytes.extend(&message);
    bytes.extend(masked(&message).to_le_bytes());
    bytes
}

/// CRC-32C, turned and shifted as `TFRecord` has it.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xA282_EAD8)
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |passed| passed.as_secs_f64())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "TensorBoard's scalars are of single precision"
)]
const fn narrow(value: f64) -> f32 {
    value as f32
}
