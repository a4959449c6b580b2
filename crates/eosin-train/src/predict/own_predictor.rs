//! Probabilities for new rows of embeddings that were made elsewhere, from a run on such or an ensemble
//! of such runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use eosin_core::FoldId;
use eosin_core::config::EnsembleMethod;
use eosin_ensemble::Combiner;
use eosin_store::{EmbeddingsRecord, EnsembleRecord, RunFolder, RunRecord};

use crate::embed::embedding_error::EmbeddingsError;
use crate::embed::embedding_file::EmbeddingFile;
use crate::embed::own_embeddings::OwnEmbeddings;
use crate::embed::starting_point::OWN_CLASSIFIER;
use crate::error::TrainError;
use crate::input::draw::InputSource as _;
use crate::input::view::View;
use crate::model::classifier::{Classifier, Named};
use crate::optimise::loss::softmax;
use crate::predict::fold_network::{no_fold, read_weights};
use crate::predict::member_predictor::{beside, combined, combiner, heads, member_folders};
use crate::predict::predictions::mean_of;
use crate::predict::predictor::UseFolds;

/// A trained run on embeddings, or an ensemble of such, ready to predict from files of others.
pub struct OwnPredictor {
    record: RunRecord,
    runs: Vec<OwnRun>,
    join: Join,
}

/// How what runs make of rows becomes one, in each fold.
enum Join {
    /// There is one run.
    Alone,
    /// Their logits, as was fitted.
    Combined(Vec<Combiner>),
    /// Their embeddings, under one head.
    Embeddings(Vec<Classifier>),
}

/// A run, and the rows that it is to judge.
struct OwnRun {
    record: RunRecord,
    heads: Vec<Classifier>,
    views: Vec<View>,
    own: OwnEmbeddings,
    /// Row of the file of each row that is predicted.
    places: Vec<usize>,
}

impl OwnPredictor {
    /// Loads the folds of the run in `folder` to predict every row of a file; of an ensemble, every row
    /// of one file for all members, or of one for each in their order.
    ///
    /// # Errors
    /// When the run or a member was trained on a network, its embeddings had another shape, it has no
    /// such fold, files are too few or many or not of the same keys, or a file is missing or damaged.
    pub fn load(
        folder: &RunFolder,
        folds: UseFolds,
        files: Vec<EmbeddingFile>,
    ) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let ids = folds.of(&record);
        if let Some(fold) = ids
            .iter()
            .find(|id| !record.fold_ids().any(|own| own == **id))
        {
            return Err(no_fold(&record, *fold));
        }
        let (runs, join) = if let Some(ensemble) = record.ensemble() {
            of_members(folder, &record, ensemble, &ids, files)?
        } else {
            let count = files.len();
            let mut files = files.into_iter();
            let (Some(file), None) = (files.next(), files.next()) else {
                return Err(TrainError::Ensemble(format!(
                    "{count} files for one run: several '--embeddings' are for the members of an ensemble"
                )));
            };
            (vec![OwnRun::load(folder, &ids, file)?], Join::Alone)
        };
        Ok(Self { record, runs, join })
    }

    /// Whose embeddings they are, row by row.
    pub fn keys(&self) -> &[String] {
        self.runs[0].own.keys()
    }

    /// What the column of the keys is called, where a table has them, else `key`.
    pub fn key_column(&self) -> &str {
        self.runs[0].own.key_column()
    }

    /// Views of each patch whose mean logit counts: the most that a run has.
    pub fn views(&self) -> usize {
        self.runs
            .iter()
            .map(|run| run.views.len())
            .max()
            .unwrap_or(0)
    }

    /// Probabilities of some rows, `[rows, classes]`.
    ///
    /// # Errors
    /// When a file has changed meanwhile.
    pub fn predict(&self, rows: Range<usize>) -> Result<Vec<f32>, TrainError> {
        let rows: Vec<usize> = rows.collect();
        let mut probs = mean_of(&self.logits(&rows)?);
        softmax(&mut probs, self.record.classes.len());
        Ok(probs)
    }

    /// Logits in each fold, `[folds][rows, classes]`.
    fn logits(&self, rows: &[usize]) -> Result<Vec<Vec<f32>>, TrainError> {
        match &self.join {
            Join::Alone => self.runs[0].logits(rows),
            Join::Combined(combiners) => {
                let runs = self.runs.iter().map(|run| run.logits(rows));
                let runs = runs.collect::<Result<Vec<_>, TrainError>>()?;
                combined(combiners, &runs)
            }
            Join::Embeddings(heads) => {
                let views = View::of(self.record.views.members());
                let runs = self.runs.iter().map(|run| run.embeddings(rows, &views));
                let views = beside(&runs.collect::<Result<Vec<_>, TrainError>>()?, rows.len());
                Ok(heads.iter().map(|head| head.mean_logits(&views)).collect())
            }
        }
    }
}

/// The members of an ensemble, and how what they say becomes one.
fn of_members(
    folder: &RunFolder,
    record: &RunRecord,
    ensemble: &EnsembleRecord,
    ids: &[FoldId],
    files: Vec<EmbeddingFile>,
) -> Result<(Vec<OwnRun>, Join), TrainError> {
    if let Some(member) = ensemble.members.iter().find(|member| !member.on_embeddings) {
        return Err(TrainError::Ensemble(format!(
            "the member {} sees images ({}): leave out '--embeddings'",
            member.name, member.start
        )));
    }
    let mut runs: Vec<OwnRun> = Vec::new();
    let folders = member_folders(folder, ensemble)?;
    for (own, file) in folders.iter().zip(for_each(ensemble, files)?) {
        let mut run = OwnRun::load(own, ids, file)?;
        if let Some(first) = runs.first() {
            run.places = same_rows(&first.own, &run.own)?;
        }
        runs.push(run);
    }
    let join = if ensemble.method == EnsembleMethod::Concat {
        let records: Vec<&RunRecord> = runs.iter().map(|run| &run.record).collect();
        Join::Embeddings(heads(folder, record, &records, ids)?)
    } else {
        let combiners = ids.iter().map(|fold| combiner(folder, *fold));
        Join::Combined(combiners.collect::<Result<_, TrainError>>()?)
    };
    Ok((runs, join))
}

/// One file a member.
fn for_each(
    ensemble: &EnsembleRecord,
    files: Vec<EmbeddingFile>,
) -> Result<Vec<EmbeddingFile>, TrainError> {
    let count = ensemble.members.len();
    match &files[..] {
        [one] => Ok(vec![one.clone(); count]),
        _ if files.len() == count => Ok(files),
        _ => {
            let names: Vec<&str> = ensemble.members.iter().map(|one| &*one.name).collect();
            Err(TrainError::Ensemble(format!(
                "{} files for {count} members: write '--embeddings FILE' once for each, in the order {}, or \
                 once for all",
                files.len(),
                names.join(", ")
            )))
        }
    }
}

/// Rows of `other` that are of the keys of `first`, in its order.
fn same_rows(first: &OwnEmbeddings, other: &OwnEmbeddings) -> Result<Vec<usize>, TrainError> {
    let places = other.keys().iter().enumerate();
    let places: BTreeMap<&String, usize> = places.map(|(at, key)| (key, at)).collect();
    let missing = |key: &String, from: &OwnEmbeddings, there: &OwnEmbeddings| {
        TrainError::Ensemble(format!(
            "{} has no row of '{key}', which {} has: all members must see the same patches, by the same keys",
            from.record().file.display(),
            there.record().file.display()
        ))
    };
    if other.keys().len() > first.keys().len() {
        let known: BTreeSet<&String> = first.keys().iter().collect();
        if let Some(key) = other.keys().iter().find(|key| !known.contains(key)) {
            return Err(missing(key, first, other));
        }
    }
    let place = |key: &String| {
        let place = places.get(key).copied();
        place.ok_or_else(|| missing(key, other, first))
    };
    first.keys().iter().map(place).collect()
}

impl OwnRun {
    fn load(folder: &RunFolder, folds: &[FoldId], file: EmbeddingFile) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let Some(trained) = record.embeddings() else {
            return Err(EmbeddingsError::RunOfNetwork.into());
        };
        refuse_other_shape(trained, &file.record)?;
        let mut heads = Vec::new();
        for fold in folds {
            let tensors = read_weights(folder, *fold)?.tensors;
            let named = Named {
                tensors: &tensors,
                classifier: OWN_CLASSIFIER,
            };
            heads.push(Classifier::of_run(&record, trained.width, &named)?);
        }
        Ok(Self {
            places: (0..file.keys.len()).collect(),
            views: View::judged(record.views, Some(trained)),
            own: OwnEmbeddings::of_all_rows(file),
            record,
            heads,
        })
    }

    /// Logits by each fold, `[folds][rows, classes]`.
    fn logits(&self, rows: &[usize]) -> Result<Vec<Vec<f32>>, TrainError> {
        let source = self.own.rows(&self.places);
        let heads = self.heads.iter();
        heads
            .map(|head| head.orbit_logits(&source, rows, &self.views))
            .collect()
    }

    /// Values of each view, `[views][rows, width]`.
    fn embeddings(&self, rows: &[usize], views: &[View]) -> Result<Vec<Vec<f32>>, TrainError> {
        let source = self.own.rows(&self.places);
        views.iter().map(|view| source.under(*view, rows)).collect()
    }
}

fn refuse_other_shape(
    trained: &EmbeddingsRecord,
    given: &EmbeddingsRecord,
) -> Result<(), EmbeddingsError> {
    if (trained.views, trained.width) == (given.views, given.width) {
        return Ok(());
    }
    Err(EmbeddingsError::OtherShape {
        path: given.file.clone(),
        views: given.views,
        width: given.width,
        run_views: trained.views,
        run_width: trained.width,
    })
}
