//! The members of an ensemble: finished runs on the same patches and folds.

use eosin_core::Cut;
use eosin_core::config::{Config, EnsembleMethod};
use eosin_data::Folds;
use eosin_store::{
    EnsembleRecord, FoldFile, MemberRecord, RunFolder, RunRecord, StartRecord, names,
};

use crate::embed::starting_point::StartingPoint;
use crate::ensemble::soup_runs::refuse_unlike;
use crate::error::TrainError;
use crate::predict::fold_files::read_fold_file;

/// A finished run that is part of an ensemble.
#[derive(Debug)]
pub struct MemberRun {
    /// What it is called: the name of its folder.
    pub name: String,
    /// Its folder.
    pub folder: RunFolder,
    /// What it says of itself.
    pub record: RunRecord,
    /// BLAKE3 of its `run.json`, hex.
    pub blake3: String,
    /// Its configuration.
    pub config: Config,
    /// What it started from, where its embeddings are wanted.
    pub start: Option<StartingPoint>,
}

impl MemberRun {
    /// The run in a folder, without its embeddings.
    ///
    /// # Errors
    /// When `run.json` cannot be read.
    pub fn new(name: String, folder: RunFolder, config: Config) -> Result<Self, TrainError> {
        let blake3 = blake3::hash(&folder.read(names::RUN)?);
        Ok(Self {
            name,
            record: folder.record()?,
            blake3: blake3.to_hex().to_string(),
            config,
            start: None,
            folder,
        })
    }

    /// Why its embeddings cannot stand beside those of others, where they cannot.
    pub fn unjoinable(&self) -> Option<String> {
        let name = &self.name;
        let record = &self.record;
        if Cut::parse(&record.cut, &[]) != Some(Cut::Embedding) {
            let mode = self.config.train.mode;
            return Some(format!(
                "{name} was trained with train.mode {mode}, which gives each patch an embedding a fold"
            ));
        }
        if record.preprocess.len() > 1 {
            return Some(format!(
                "{name} scales pixels fold by fold (backbone.normalise fold), which gives each patch an \
                 embedding a fold"
            ));
        }
        if self.config.augment.changes_pixels() {
            return Some(format!(
                "{name} was trained on random views of patches (the table augment), which are not those \
                 of the others"
            ));
        }
        if !record.other_sizes.is_empty() {
            return Some(format!(
                "{name} looks at patches at several sizes (augment.sizes_px); make a run of each '--size'"
            ));
        }
        let own = record.embeddings();
        if own.is_some_and(|own| !own.are_symmetries()) {
            return Some(format!(
                "the views of {name}'s embeddings are no symmetries"
            ));
        }
        None
    }

    /// Holds what its folds trained and said to the checksums that they wrote.
    ///
    /// # Errors
    /// Names the first file that is not what it was.
    pub fn verify(&self) -> Result<(), TrainError> {
        for fold in self.record.fold_ids() {
            for file in [FoldFile::Weights, FoldFile::Predictions] {
                read_fold_file(&self.folder, fold, file)?;
            }
        }
        Ok(())
    }

    fn record(&self) -> MemberRecord {
        let start = match &self.record.start {
            StartRecord::Network(network) => network.backbone.to_string(),
            StartRecord::Embeddings { embeddings } => embeddings.file.display().to_string(),
            StartRecord::Ensemble { .. } => "an ensemble".to_owned(),
        };
        let seen = self.record.network().map(|network| network.seen_by_weights);
        MemberRecord {
            name: self.name.clone(),
            run: self.folder.dir().to_owned(),
            blake3: self.blake3.clone(),
            on_embeddings: self.record.embeddings().is_some(),
            start,
            seen_by_weights: seen.unwrap_or_default(),
        }
    }
}

/// The members of an ensemble, and how their answers become one.
#[derive(Debug)]
pub struct MemberRuns {
    /// The members.
    pub members: Vec<MemberRun>,
    /// How their answers become one.
    pub method: EnsembleMethod,
}

impl MemberRuns {
    /// Of members that [agree](check_agreement), as the configuration of an ensemble asks. What they
    /// are joined on, they see as it sees patches.
    ///
    /// # Errors
    /// When two differ in what they were trained to tell, on which patches or folds; when
    /// [`EnsembleMethod::Concat`] is asked for and a member has no embeddings of its own.
    pub fn new(mut members: Vec<MemberRun>, config: &Config) -> Result<Self, TrainError> {
        check_agreement(&members)?;
        let method = config.ensemble.method;
        refuse_unjoinable(&members, method)?;
        refuse_unlike(&members, method)?;
        for member in &mut members {
            member.config.augment = config.augment.clone();
            member.config.predict = config.predict.clone();
        }
        Ok(Self { members, method })
    }

    /// What an ensemble says of them.
    pub fn record(&self) -> EnsembleRecord {
        EnsembleRecord {
            method: self.method,
            members: self.members.iter().map(MemberRun::record).collect(),
        }
    }

    /// Tells them from all others.
    pub fn hash(&self) -> String {
        let hashes = self.members.iter().map(|member| member.blake3.as_str());
        format!(
            "{} of {}",
            self.method,
            hashes.collect::<Vec<_>>().join(", ")
        )
    }
}

/// Refuses a method that lays embeddings side by side where a member has none of its own.
///
/// # Errors
/// Names the first such member, and why.
pub fn refuse_unjoinable(members: &[MemberRun], method: EnsembleMethod) -> Result<(), TrainError> {
    if method != EnsembleMethod::Concat {
        return Ok(());
    }
    match members.iter().find_map(MemberRun::unjoinable) {
        Some(why) => Err(TrainError::Ensemble(format!(
            "{why}; take another '--method' than concat, or leave the run out"
        ))),
        None => Ok(()),
    }
}

/// Refuses members that were not judged alike: same classes, same patches, same folds.
///
/// # Errors
/// Names the first two that differ, and in what.
pub fn check_agreement(members: &[MemberRun]) -> Result<(), TrainError> {
    let Some(first) = members.first() else {
        return Err(TrainError::Ensemble("an ensemble needs runs".to_owned()));
    };
    for (at, member) in members.iter().enumerate() {
        refuse_twin(&members[..at], member)?;
        if let Some(ensemble) = member.record.ensemble() {
            let of: Vec<&str> = ensemble.members.iter().map(|of| &*of.name).collect();
            return Err(TrainError::Ensemble(format!(
                "{} is an ensemble itself: name its members instead ({})",
                member.name,
                of.join(", ")
            )));
        }
    }
    let folds = folds_of(first)?;
    for member in members {
        let (one, other) = (&first.record, &member.record);
        let differs = if one.classes != other.classes {
            Some((
                "their classes",
                one.classes.join(", "),
                other.classes.join(", "),
            ))
        } else if one.positive != other.positive {
            Some((
                "the positive class",
                one.positive.clone(),
                other.positive.clone(),
            ))
        } else if one.manifest_hash != other.manifest_hash {
            Some((
                "their patches (manifest hash)",
                one.manifest_hash.clone(),
                other.manifest_hash.clone(),
            ))
        } else if one.patches_hash != other.patches_hash {
            Some((
                "the contents of their patches (hash)",
                one.patches_hash.clone(),
                other.patches_hash.clone(),
            ))
        } else {
            None
        };
        if let Some((what, one, other)) = differs {
            return Err(TrainError::Ensemble(format!(
                "{} and {} differ in {what}: {one}, and {other}; an ensemble is of runs on the same \
                 patches",
                first.name, member.name
            )));
        }
        if folds_of(member)? != folds {
            return Err(TrainError::Ensemble(format!(
                "{} and {} differ in their folds ({} and {}, see folds.json): what one has trained on \
                 would judge the other; run one again with the same '--seed', '--folds' and '--group'",
                first.name,
                member.name,
                folds_in_words(one),
                folds_in_words(other)
            )));
        }
    }
    Ok(())
}

/// The bytes of a member's folds, which must be such.
fn folds_of(member: &MemberRun) -> Result<String, TrainError> {
    let text = member.folder.read_text(names::FOLDS)?;
    if let Err(error) = Folds::from_json(&text) {
        return Err(TrainError::Ensemble(format!(
            "{} is damaged ({error}); make the run again, or leave it out",
            member.folder.path(names::FOLDS).display()
        )));
    }
    Ok(text)
}

/// The same run is no second opinion, and two of one name cannot be told apart in a table.
fn refuse_twin(others: &[MemberRun], member: &MemberRun) -> Result<(), TrainError> {
    if let Some(same) = others.iter().find(|other| other.blake3 == member.blake3) {
        return Err(TrainError::Ensemble(format!(
            "{} and {} are the same run: leave one out",
            same.folder.dir().display(),
            member.folder.dir().display()
        )));
    }
    if let Some(twin) = others.iter().find(|other| other.name == member.name) {
        return Err(TrainError::Ensemble(format!(
            "{} and {} are both called {}: rename a folder, so that tables tell them apart",
            twin.folder.dir().display(),
            member.folder.dir().display(),
            member.name
        )));
    }
    Ok(())
}

fn folds_in_words(record: &RunRecord) -> String {
    let RunRecord { repeats, folds, .. } = record;
    match repeats {
        1 => format!("{folds} folds"),
        _ => format!("{repeats} times {folds} folds"),
    }
}
