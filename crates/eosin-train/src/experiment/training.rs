//! Training in each mode.

use eosin_data::Normalisation;
use rayon::prelude::*;

use super::event::EventWatcher;
use super::rows::Rows;
use super::{Event, Experiment, FoldWeights};
use crate::embed::EmbedCount;
use crate::error::TrainError;
use crate::full::predict_full;
use crate::full_folds::FullFolds;
use crate::head_training::HeadTraining;
use crate::outcome::FoldOutcome;
use crate::patches::{PatchSet, PixelScale};
use crate::source::EmbeddingSource as _;

/// What training comes to.
pub(super) struct Trained {
    /// Each fold.
    pub folds: Vec<FoldOutcome<FoldWeights>>,
    /// Probabilities of the test rows, by each fold.
    pub test_probs: Vec<Vec<f32>>,
    /// What the cache saved.
    pub embedded: EmbedCount,
}

impl Experiment<'_> {
    pub(super) fn train_heads(
        &self,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let (sources, count) = self.embeddings(rows, normalisations, on_event)?;
        let of_fold = |index: usize| &sources[index % sources.len()];
        let training = HeadTraining {
            config: &self.config.train,
            seed: self.config.seed,
            classes: self.manifest.classes.len(),
            positive: self.positive,
            select: self.select,
            targets: &rows.targets,
            folds: &rows.folds,
            sources: (0..rows.folds.len())
                .map(|index| &of_fold(index)[0] as _)
                .collect(),
        };
        let outcomes = training.run(&mut |fold, record| on_event(&Event::epoch(fold, record)))?;
        let test_rows: Vec<usize> = (0..rows.test.len()).collect();
        let test = outcomes
            .iter()
            .enumerate()
            .map(|(index, fold)| fold.weights.probs(&of_fold(index)[1].upright(&test_rows)))
            .collect();
        let outcomes = outcomes
            .into_iter()
            .map(|fold| fold.map(FoldWeights::Head))
            .collect();
        Ok(Trained {
            folds: outcomes,
            test_probs: test,
            embedded: count,
        })
    }

    pub(super) fn train_full(
        &self,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let patches = self.decode(rows)?;
        let training = FullFolds {
            config: &self.config.train,
            seed: self.config.seed,
            classes: self.manifest.classes.len(),
            positive: self.positive,
            select: self.select,
            patches: &patches,
            name: self.backbone.spec.name,
            network: &self.backbone.network,
        };
        let (mut outcomes, mut test) = (Vec::new(), Vec::new());
        for (index, fold) in rows.folds.iter().enumerate() {
            let scale = PixelScale::new(&normalisations[index % normalisations.len()]);
            let outcome = training.train(fold, &scale, &mut EventWatcher(on_event))?;
            let network = training.with_weights(&outcome.weights);
            test.push(predict_full(&network, &patches, &rows.test, &scale).1);
            outcomes.push(outcome.map(FoldWeights::Full));
        }
        let embedded = EmbedCount::default();
        Ok(Trained {
            folds: outcomes,
            test_probs: test,
            embedded,
        })
    }

    fn decode(&self, rows: &Rows) -> Result<PatchSet, TrainError> {
        let reader = self.reader();
        let pixels: Result<Vec<Vec<u8>>, TrainError> = rows
            .paths
            .par_iter()
            .map(|path| Ok(reader.read(path)?.pixels))
            .collect();
        let (size_px, targets) = (self.size_px, rows.targets.clone());
        Ok(PatchSet {
            size_px,
            pixels: pixels?.concat(),
            targets,
        })
    }
}
