//! A run made independent: everything that it needs in one folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::Cut;
use eosin_core::config::Weights;
use eosin_store::{Existing, FoldFile, RunFolder, names};
use eosin_train::{WeightsPlace, starting_file};

use crate::create::weight_store;

/// A packed run.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its folder.
    pub dir: PathBuf,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Bytes of the weights that the run started from; 0 where it needs none.
    pub weights_bytes: u64,
}

/// Copies the run in `run` to `out` together with the weights that it started from, so that the
/// copy can be used anywhere. A run that trained the whole network, or that started from random
/// weights or from embeddings, needs none.
///
/// # Errors
/// When `run` is no run, its weights are gone, or `out` holds a run already.
pub fn pack(run: &Path, out: &Path) -> Result<Packed> {
    let folder = RunFolder::open(run)?;
    let record = folder.record()?;
    let same = out
        .canonicalize()
        .ok()
        .is_some_and(|out| run.canonicalize().is_ok_and(|run| run == out));
    if same {
        bail!("{} is the run itself; name another folder", out.display());
    }
    let whole = record.cut == Cut::Pixels.name(&[]);
    let weights = match record.network() {
        Some(network) if !whole && network.weights != Weights::Random => {
            Some(starting_file(&folder, &record, &weight_store(&folder)?)?)
        }
        _ => None,
    };
    let packed = RunFolder::create(out, Existing::Refuse)?;
    let fixed = names::ALL.into_iter().map(str::to_owned);
    let folds = folder.finished_folds()?.into_iter();
    let of_folds = folds.flat_map(|fold| FoldFile::ALL.map(|file| file.of(fold)));
    // The record last: what was left in the middle is no run.
    let files = fixed.filter(|name| name != names::RUN && name != names::WEIGHTS);
    let mut bytes = 0;
    let mut copy = |name: &str| -> Result<()> {
        if folder.has(name) {
            let content = folder.read(name)?;
            bytes += content.len() as u64;
            packed.write(name, content)?;
        }
        Ok(())
    };
    for name in files.chain(of_folds) {
        copy(&name)?;
    }
    let mut weights_bytes = 0;
    if let Some(file) = weights {
        let content = match file.place {
            WeightsPlace::Program(bytes) => bytes.to_vec(),
            WeightsPlace::Disk(path) => {
                std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
        };
        weights_bytes = content.len() as u64;
        packed.write(names::WEIGHTS, content)?;
    }
    copy(names::RUN)?;
    Ok(Packed {
        dir: out.to_owned(),
        bytes: bytes + weights_bytes,
        weights_bytes,
    })
}
