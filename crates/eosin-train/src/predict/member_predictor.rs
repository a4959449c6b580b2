//! The members of an ensemble, ready to judge patches, and how their answers become one.

use eosin_core::FoldId;
use eosin_core::config::EnsembleMethod;
use eosin_ensemble::Combiner;
use eosin_models::BackboneSpec;
use eosin_store::{
    EnsembleRecord, FoldFile, MemberRecord, RunFolder, RunRecord, WeightStore, names,
};

use crate::embed::starting_point::OWN_CLASSIFIER;
use crate::error::TrainError;
use crate::model::classifier::{Classifier, Named};
use crate::model::head::Head;
use crate::predict::fold_network::{network_of, read_weights};
use crate::predict::predictor::{ReadPatch, UseFolds};
use crate::predict::run_predictor::{RunPredictor, WhichFolds};
use crate::run::shelf::FoldRecord;

/// The members of an ensemble.
pub(crate) struct MemberPredictors {
    pub runs: Vec<RunPredictor>,
    join: Join,
}

/// How what the members make of patches becomes one, in each fold.
enum Join {
    /// Their logits, as was fitted.
    Combined(Vec<Combiner>),
    /// Their embeddings, under one head.
    Embeddings(Vec<Classifier>),
}

impl MemberPredictors {
    /// Loads the members from the ensemble's own folder.
    pub(crate) fn load(
        folder: &RunFolder,
        record: &RunRecord,
        ensemble: &EnsembleRecord,
        store: &WeightStore,
        folds: UseFolds,
    ) -> Result<Self, TrainError> {
        if let Some(member) = ensemble.on_embeddings() {
            let fix = if ensemble.members.iter().all(|member| member.on_embeddings) {
                "name a file of them for each member with '--embeddings'"
            } else {
                "others see images, so it is judged out of fold and on its test part, and predicts nothing \
                 new"
            };
            return Err(TrainError::Ensemble(format!(
                "the member {} was trained on the embeddings in {} and not on images: {fix}",
                member.name, member.start
            )));
        }
        let mut runs = Vec::new();
        for own in member_folders(folder, ensemble)? {
            runs.push(RunPredictor::load(&own, store, folds)?);
        }
        let ids = folds.of(record);
        let join = if ensemble.method == EnsembleMethod::Concat {
            // Embeddings that lie side by side are of the same views, whatever each run was judged by.
            for run in &mut runs {
                run.look_under(record.views);
            }
            let records: Vec<&RunRecord> = runs.iter().map(RunPredictor::record).collect();
            Join::Embeddings(heads(folder, record, &records, &ids)?)
        } else {
            let combiners = ids.iter().map(|fold| combiner(folder, *fold));
            Join::Combined(combiners.collect::<Result<_, TrainError>>()?)
        };
        Ok(Self { runs, join })
    }

    /// Logits of patches in each fold that is asked, `[folds][patches, classes]`.
    pub(crate) fn logits(
        &self,
        patches: &[ReadPatch],
        folds: WhichFolds,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        let name = |patch: usize| patches[patch].name.clone();
        let runs = self.runs.iter().enumerate();
        let runs = runs.map(|(at, run)| (run, patches.iter().map(move |patch| &patch.runs[at])));
        match &self.join {
            Join::Combined(combiners) => {
                let runs =
                    runs.map(|(run, seen)| run.logits(&seen.collect::<Vec<_>>(), folds, name));
                let runs = runs.collect::<Result<Vec<_>, TrainError>>()?;
                combined(folds.of(combiners), &runs)
            }
            Join::Embeddings(heads) => {
                let runs = runs.map(|(run, seen)| run.embeddings(&seen.collect::<Vec<_>>(), name));
                let runs = runs.collect::<Result<Vec<_>, TrainError>>()?;
                let views = beside(&runs, patches.len());
                let heads = folds.of(heads).iter();
                Ok(heads.map(|head| head.mean_logits(&views)).collect())
            }
        }
    }
}

/// What the combiner of each fold makes of the runs' logits, `[runs][folds][patches, classes]`.
pub(crate) fn combined(
    combiners: &[Combiner],
    runs: &[Vec<Vec<f32>>],
) -> Result<Vec<Vec<f32>>, TrainError> {
    let combine = |(fold, combiner): (usize, &Combiner)| {
        let of_fold: Vec<&[f32]> = runs.iter().map(|run| &*run[fold]).collect();
        Ok(combiner.logits(&of_fold)?)
    };
    combiners.iter().enumerate().map(combine).collect()
}

/// Rows of each view, `[runs][views][patches, width]`, with those of all runs one after the other.
pub(crate) fn beside(runs: &[Vec<Vec<f32>>], patches: usize) -> Vec<Vec<f32>> {
    let view = |view: usize| {
        let row = |patch: usize| {
            runs.iter().flat_map(move |run| {
                let width = run[view].len() / patches;
                &run[view][patch * width..(patch + 1) * width]
            })
        };
        (0..patches).flat_map(row).copied().collect()
    };
    (0..runs[0].len()).map(view).collect()
}

/// The folders of the members in the ensemble's own, each that of the run that it was made of.
///
/// # Errors
/// When one is missing, or another run.
pub fn member_folders(
    folder: &RunFolder,
    ensemble: &EnsembleRecord,
) -> Result<Vec<RunFolder>, TrainError> {
    let members = ensemble.members.iter().enumerate();
    let member = |(at, member): (usize, &MemberRecord)| {
        let own = RunFolder::open(folder.path(&format!("{}/{at}", names::MEMBERS)))?;
        let hash = blake3::hash(&own.read(names::RUN)?).to_hex().to_string();
        if hash == member.blake3 {
            return Ok(own);
        }
        Err(TrainError::Ensemble(format!(
            "{} is not the member {} that the ensemble was made of (BLAKE3 {hash}, and it was {}); make \
             the ensemble again",
            own.path(names::RUN).display(),
            member.name,
            member.blake3
        )))
    };
    members.map(member).collect()
}

/// The one head of each fold on all embeddings.
pub(crate) fn heads(
    folder: &RunFolder,
    record: &RunRecord,
    runs: &[&RunRecord],
    folds: &[FoldId],
) -> Result<Vec<Classifier>, TrainError> {
    let mut width = 0;
    for run in runs {
        width += match run.embeddings() {
            Some(own) => own.width,
            None => BackboneSpec::of(network_of(run)?.backbone).embedding_width,
        };
    }
    let head = |fold: &FoldId| {
        let file = read_weights(folder, *fold)?;
        let named = Named {
            tensors: &file.tensors,
            classifier: OWN_CLASSIFIER,
        };
        let widths = [width, record.classes.len()];
        let head = Head::from_tensors(&widths, named.tensors, named.classifier)?;
        Ok(Classifier::Layers(head))
    };
    folds.iter().map(head).collect()
}

/// How the logits of a fold become one.
pub(crate) fn combiner(folder: &RunFolder, fold: FoldId) -> Result<Combiner, TrainError> {
    let name = FoldFile::Outcome.of(fold);
    let outcome: FoldRecord = folder.read_json(&name)?;
    outcome.combiner.ok_or_else(|| {
        TrainError::Ensemble(format!(
            "{} does not say how the members' answers become one; make the ensemble again",
            folder.path(&name).display()
        ))
    })
}
