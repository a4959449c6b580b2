//! The weights that predicting with a run needs.

use std::path::Path;

use anyhow::{Context as _, Result};
use eosin_core::Cut;
use eosin_core::config::Weights;
use eosin_store::{FoldFile, RunFolder, RunRecord, names};
use eosin_train::{FoldRecord, WeightsPlace, has_mean, starting_file};
use serde::{Deserialize, Serialize};

use crate::create::weight_store;

/// Weights of a file, or of the folds of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsUsed {
    /// What they are, such as `resnet18` or `lite, 10 folds`.
    pub of: String,
    /// BLAKE3 of the file, or of the hashes of the folds' files one after the other, hex.
    pub blake3: String,
    /// Their size: of folds whose mean is one network, that of the largest.
    pub bytes: u64,
}

/// The weights that predicting with a run needs, each once: what it started from (where not all of it
/// was trained) and what its folds have trained; of an ensemble those of its members as well.
///
/// # Errors
/// When a file is missing, or the weights that a run started from are gone.
pub fn weights_used(folder: &RunFolder, name: &str) -> Result<Vec<WeightsUsed>> {
    let record = folder.record()?;
    let mut all: Vec<WeightsUsed> = Vec::new();
    let mut add = |one: WeightsUsed| {
        if all.iter().all(|other| other.blake3 != one.blake3) {
            all.push(one);
        }
    };
    if let Some(ensemble) = record.ensemble() {
        for (at, member) in ensemble.members.iter().enumerate() {
            let own = RunFolder::open(folder.path(&format!("{}/{at}", names::MEMBERS)))?;
            weights_used(&own, &member.name)?
                .into_iter()
                .for_each(&mut add);
        }
    }
    if let Some(place) = starting_place(folder, &record)?
        && let Some(network) = record.network()
    {
        add(WeightsUsed {
            of: network.backbone.to_string(),
            blake3: network.weights_hash.clone(),
            bytes: bytes_of(&place)?,
        });
    }
    add(of_folds(folder, &record, name)?);
    Ok(all)
}

/// Where the weights lie that a run started from; `None` where predicting needs none of them: they
/// follow from the seed, all were trained, or there is no network.
pub(crate) fn starting_place(
    folder: &RunFolder,
    record: &RunRecord,
) -> Result<Option<WeightsPlace>> {
    let trained_all = record.cut == Cut::Pixels.name(&[]);
    Ok(match record.network() {
        Some(network) if !trained_all && network.weights != Weights::Random => {
            Some(starting_file(folder, record, &weight_store(folder)?)?.place)
        }
        _ => None,
    })
}

fn bytes_of(place: &WeightsPlace) -> Result<u64> {
    Ok(match place {
        WeightsPlace::Program(bytes) => bytes.len() as u64,
        WeightsPlace::Disk(path) => length(path)?,
    })
}

fn length(path: &Path) -> Result<u64> {
    let file = std::fs::metadata(path);
    Ok(file
        .with_context(|| format!("cannot read {}", path.display()))?
        .len())
}

fn of_folds(folder: &RunFolder, record: &RunRecord, name: &str) -> Result<WeightsUsed> {
    let (mut hasher, mut sizes) = (blake3::Hasher::new(), Vec::new());
    for fold in record.fold_ids() {
        let outcome: FoldRecord = folder.read_json(&FoldFile::Outcome.of(fold))?;
        hasher.update(outcome.weights_blake3.as_bytes());
        sizes.push(length(&folder.existing(&FoldFile::Weights.of(fold))?)?);
    }
    Ok(WeightsUsed {
        of: format!("{name}, {} fold(s)", sizes.len()),
        blake3: hasher.finalize().to_hex().to_string(),
        bytes: if has_mean(record) {
            sizes.iter().copied().max().unwrap_or(0)
        } else {
            sizes.iter().sum()
        },
    })
}
