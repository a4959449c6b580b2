//! What `eosin export` writes: one network, or all of an ensemble.

use anyhow::{Context as _, Result, bail};
use eosin_core::FoldId;
use eosin_core::config::HeadKind;
use eosin_run::weight_store;
use eosin_store::RunFolder;
use eosin_train::{
    EnsembleInput, EnsembleNetwork, FoldNetwork, PixelScaling, UseFolds, ViewsInGraph,
};

use crate::args::{ExportArgs, ExportFormat};

/// What is written.
pub enum Subject {
    /// One network.
    Network(FoldNetwork),
    /// Several, and what combines them.
    Ensemble(EnsembleNetwork),
}

impl Subject {
    /// What a run becomes: `place` is the fold; `None`: all.
    ///
    /// # Errors
    /// When a file is missing or damaged, or no model file holds the run.
    pub fn load(
        args: &ExportArgs,
        folder: &RunFolder,
        place: Option<FoldId>,
        format: ExportFormat,
    ) -> Result<Self> {
        let (record, store) = (folder.record()?, weight_store(folder)?);
        if record.ensemble().is_some() {
            let ensemble = load_ensemble(args, folder, place, format);
            let run = || folder.dir().display().to_string();
            return Ok(Self::Ensemble(ensemble.with_context(run)?));
        }
        if record.head == HeadKind::Knn {
            bail!(
                "{} has a knn head, which is its training patches themselves: no model file holds it; \
                 'eosin predict' uses it, and a run with '--head logistic' can be exported",
                folder.dir().display()
            );
        }
        Ok(Self::Network(match place {
            Some(place) => FoldNetwork::load(folder, &record, &store, place)?,
            None => FoldNetwork::load_mean(folder, &record, &store)?,
        }))
    }
}

/// What an ensemble predicts with; one fold of it, or all.
fn load_ensemble(
    args: &ExportArgs,
    folder: &RunFolder,
    place: Option<FoldId>,
    format: ExportFormat,
) -> Result<EnsembleNetwork> {
    if format != ExportFormat::Onnx {
        bail!(
            "an ensemble is several networks and what combines them, which only an ONNX graph holds: write \
             '--out model.onnx'"
        );
    }
    let input = EnsembleInput {
        pixels: if args.pixels {
            PixelScaling::InGraph
        } else {
            PixelScaling::ByCaller
        },
        views: if args.orbit {
            ViewsInGraph::Judged
        } else {
            ViewsInGraph::One
        },
    };
    let folds = place.map_or(UseFolds::Average, UseFolds::One);
    Ok(EnsembleNetwork::load(
        folder,
        &weight_store(folder)?,
        folds,
        input,
    )?)
}
