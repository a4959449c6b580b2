//! Probabilities for new rows of embeddings that were made elsewhere, from a run on such.

use std::ops::Range;

use eosin_store::{EmbeddingsRecord, RunFolder, RunRecord};

use crate::embed::embedding_error::EmbeddingsError;
use crate::embed::embedding_file::EmbeddingFile;
use crate::embed::own_embeddings::OwnEmbeddings;
use crate::embed::starting_point::OWN_CLASSIFIER;
use crate::error::TrainError;
use crate::input::view::View;
use crate::model::classifier::{Classifier, Named};
use crate::optimise::loss::softmax;
use crate::predict::fold_network::{no_fold, read_weights};
use crate::predict::predictions::mean_of;
use crate::predict::predictor::UseFolds;

/// A trained run on embeddings, ready to predict from a file of others.
pub struct OwnPredictor {
    record: RunRecord,
    heads: Vec<Classifier>,
    views: Vec<View>,
    own: OwnEmbeddings,
    /// Each row is a patch of its own.
    places: Vec<usize>,
}

impl OwnPredictor {
    /// Loads the folds of the run in `folder` to predict every row of `file`.
    ///
    /// # Errors
    /// When the run was trained on a network, its embeddings had another shape, it has no such fold,
    /// or a file is missing or damaged.
    pub fn load(
        folder: &RunFolder,
        folds: UseFolds,
        file: EmbeddingFile,
    ) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        if record.ensemble().is_some() {
            return Err(TrainError::Ensemble(
                "an ensemble predicts images, not embeddings: leave out '--embeddings'".to_owned(),
            ));
        }
        let Some(trained) = record.embeddings() else {
            return Err(EmbeddingsError::RunOfNetwork.into());
        };
        refuse_other_shape(trained, &file.record)?;
        let mut heads = Vec::new();
        for fold in folds.of(&record) {
            if !record.fold_ids().any(|id| id == fold) {
                return Err(no_fold(&record, fold));
            }
            let tensors = read_weights(folder, fold)?.tensors;
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

    /// Whose embeddings they are, row by row.
    pub fn keys(&self) -> &[String] {
        self.own.keys()
    }

    /// What the column of the keys is called, where a table has them, else `key`.
    pub fn key_column(&self) -> &str {
        self.own.key_column()
    }

    /// Views of each patch whose mean logit counts.
    pub const fn views(&self) -> usize {
        self.views.len()
    }

    /// Probabilities of some rows, `[rows, classes]`.
    ///
    /// # Errors
    /// When the file has changed meanwhile.
    pub fn predict(&self, rows: Range<usize>) -> Result<Vec<f32>, TrainError> {
        let rows: Vec<usize> = rows.collect();
        let source = self.own.rows(&self.places);
        let logits = self.heads.iter();
        let logits = logits.map(|head| head.orbit_logits(&source, &rows, &self.views));
        let mut probs = mean_of(&logits.collect::<Result<Vec<_>, TrainError>>()?);
        softmax(&mut probs, self.record.classes.len());
        Ok(probs)
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
