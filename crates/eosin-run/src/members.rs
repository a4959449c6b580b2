//! The members of an ensemble: opened, and what it needs of them kept in its own folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::Config;
use eosin_core::config::{EnsembleMethod, Weights};
use eosin_data::Manifest;
use eosin_store::{FoldFile, RunFolder, RunRecord, WeightStore, names};
use eosin_train::{
    EmbeddingFile, MemberRun, MemberRuns, OwnEmbeddings, PreparedBackbone, StartingPoint,
    WeightsPlace, starting_file,
};

use crate::create::weight_store;
use crate::settings::config_of_run;

/// Opens the members that a configuration names; with their embeddings where these are to be joined.
pub(crate) fn open_members(config: &Config, manifest: &Manifest) -> Result<MemberRuns> {
    let members = config.ensemble.members.iter().map(|path| open_member(path));
    let mut members = members.collect::<Result<Vec<MemberRun>>>()?;
    if config.ensemble.method == EnsembleMethod::Concat {
        for member in &mut members {
            if member.unjoinable().is_none() {
                let name = member.name.clone();
                let start = start_of(member, manifest);
                member.start = Some(start.with_context(|| format!("the member {name}"))?);
            }
        }
    }
    Ok(MemberRuns::new(members, config)?)
}

/// Opens a finished run to be a member.
///
/// # Errors
/// When it is no run, or not finished.
pub fn open_member(path: &Path) -> Result<MemberRun> {
    if path.join(names::START).is_file() && !path.join(names::RUN).is_file() {
        bail!(
            "{} is not finished; go on with it by 'eosin run --resume {0}', or leave it out",
            path.display()
        );
    }
    let folder = RunFolder::open(path)?;
    let real = fs::canonicalize(path).with_context(|| format!("cannot open {}", path.display()))?;
    let name = real.file_name().map_or_else(
        || real.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    let config = config_of_run(&folder)?;
    Ok(MemberRun::new(name, folder, config)?)
}

/// What a member's embeddings come from.
fn start_of(member: &MemberRun, manifest: &Manifest) -> Result<StartingPoint> {
    let record: &RunRecord = &member.record;
    if let Some(own) = record.embeddings() {
        let found = OwnEmbeddings::of(EmbeddingFile::open(&own.file)?, manifest)?;
        if !found.record().is_same(own) {
            bail!(
                "{} is no longer what the run was trained on; restore it",
                own.file.display()
            );
        }
        return Ok(StartingPoint::Embeddings(found));
    }
    Ok(backbone_of(member)?.into())
}

/// The network that a member started from.
fn backbone_of(member: &MemberRun) -> Result<PreparedBackbone> {
    let record = &member.record;
    let mut backbone = member.config.backbone.clone();
    if backbone.weights != Weights::Random {
        let store = weight_store(&member.folder)?;
        if let WeightsPlace::Disk(path) = starting_file(&member.folder, record, &store)?.place {
            backbone.weights = Weights::File(path);
        }
    }
    let size = (record.classes.len(), record.size_px());
    Ok(PreparedBackbone::new(
        &backbone,
        None,
        size,
        member.config.seed,
    )?)
}

/// The network that all members of a soup started from.
///
/// # Errors
/// When its weights are gone.
pub(crate) fn soup_backbone(members: &MemberRuns) -> Result<PreparedBackbone> {
    let first = &members.members[0];
    backbone_of(first).with_context(|| format!("the member {}", first.name))
}

/// Keeps what predicting needs of each member in `members/` of the ensemble's folder (linked, not
/// copied, where that can be), and its weights in `store`.
pub(crate) fn keep_members(
    folder: &RunFolder,
    members: &MemberRuns,
    store: &WeightStore,
) -> Result<()> {
    for (at, member) in members.members.iter().enumerate() {
        let from = &member.folder;
        if let Some(network) = member.record.network()
            && network.weights != Weights::Random
        {
            let own = weight_store(from)?;
            // Of a network that was trained as a whole nothing is needed.
            if let Ok(file) = starting_file(from, &member.record, &own)
                && let WeightsPlace::Disk(path) = file.place
            {
                store.keep(&network.weights_hash, &path)?;
            }
        }
        let folds = member.record.fold_ids();
        let of_folds =
            folds.flat_map(|fold| [FoldFile::Weights, FoldFile::Outcome].map(|file| file.of(fold)));
        // The record last: what was left in the middle is no run.
        let fixed = [names::CONFIG, names::WEIGHTS, names::STAIN, names::RUN].map(str::to_owned);
        for name in of_folds.chain(fixed) {
            let path = from.path(&name);
            if path.is_file() {
                link(
                    &path,
                    &folder.path(&format!("{}/{at}/{name}", names::MEMBERS)),
                )?;
            }
        }
    }
    Ok(())
}

/// Makes `to` the same file as `from`; a copy where the file system cannot.
fn link(from: &Path, to: &PathBuf) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    if to.exists() {
        fs::remove_file(to).with_context(|| format!("cannot replace {}", to.display()))?;
    }
    if fs::hard_link(from, to).is_err() {
        let copied = fs::copy(from, to);
        copied.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    Ok(())
}
