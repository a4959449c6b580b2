//! A run made independent: everything that it needs in one folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_store::{Existing, FoldFile, RunFolder, names};
use eosin_train::WeightsPlace;

use crate::weights_used::starting_place;

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
/// copy can be used anywhere; an ensemble with its members and theirs. A run that trained the whole network, or that started from random
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
    let count = record.ensemble().map_or(0, |of| of.members.len());
    let member = |at: usize| {
        let prefix = format!("{}/{at}/", names::MEMBERS);
        let folder = RunFolder::open(folder.path(prefix.trim_end_matches('/')))?;
        Whole::of(folder, prefix)
    };
    let members = (0..count).map(member).collect::<Result<Vec<_>>>()?;
    let whole = Whole::of(folder, String::new())?;
    let packed = RunFolder::create(out, Existing::Refuse)?;
    let mut size = Size::default();
    for part in members.iter().chain([&whole]) {
        part.write(&packed, &mut size)?;
    }
    Ok(Packed {
        dir: out.to_owned(),
        bytes: size.bytes,
        weights_bytes: size.weights_bytes,
    })
}

/// What was written.
#[derive(Default)]
struct Size {
    bytes: u64,
    weights_bytes: u64,
}

/// A run with all that it needs.
struct Whole {
    folder: RunFolder,
    /// What the names of its files begin with in the copy.
    prefix: String,
    /// The weights that it started from, where it needs them.
    weights: Option<WeightsPlace>,
}

impl Whole {
    fn of(folder: RunFolder, prefix: String) -> Result<Self> {
        let record = folder.record()?;
        Ok(Self {
            weights: starting_place(&folder, &record)?,
            folder,
            prefix,
        })
    }

    fn write(&self, packed: &RunFolder, size: &mut Size) -> Result<()> {
        let Self {
            folder,
            prefix,
            weights,
        } = self;
        let fixed = names::ALL.into_iter().map(str::to_owned);
        let folds = folder.finished_folds()?.into_iter();
        let of_folds = folds.flat_map(|fold| FoldFile::ALL.map(|file| file.of(fold)));
        // The record last: what was left in the middle is no run.
        let files = fixed.filter(|name| name != names::RUN && name != names::WEIGHTS);
        let mut write = |name: &str, content: Vec<u8>| -> Result<()> {
            size.bytes += content.len() as u64;
            Ok(packed.write(&format!("{prefix}{name}"), content)?)
        };
        for name in files.chain(of_folds) {
            if folder.has(&name) {
                write(&name, folder.read(&name)?)?;
            }
        }
        let content = match weights {
            None => None,
            Some(WeightsPlace::Program(bytes)) => Some(bytes.to_vec()),
            Some(WeightsPlace::Disk(path)) => Some(
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
            ),
        };
        if let Some(content) = content {
            size.weights_bytes += content.len() as u64;
            write(names::WEIGHTS, content)?;
        }
        write(names::RUN, folder.read(names::RUN)?)
    }
}
