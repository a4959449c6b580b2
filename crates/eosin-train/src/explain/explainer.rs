//! A trained run, ready to say where in a patch its logits come from.

use eosin_core::D4;
use eosin_core::config::Symmetries;
use eosin_data::{PatchSource, RgbPatch};
use eosin_models::{Graph, Workspace};
use eosin_store::{RunFolder, RunRecord, WeightStore};
use rayon::prelude::*;

use super::class_map::{ClassMap, ExplainWay};
use super::occlusion::occlusion;
use crate::error::TrainError;
use crate::input::reader::{PatchReader, decode_limits};
use crate::input::scale::PixelScale;
use crate::input::views::symmetric;
use crate::predict::fold_network::{FoldNetwork, frozen_tensors, has_mean};
use crate::predict::predictions::mean_of;
use crate::predict::predictor::{Predictor, UseFolds};

/// A trained run, ready to explain.
pub struct Explainer {
    reader: PatchReader,
    how: How,
}

enum How {
    /// Networks whose mean logits are the run's.
    Maps {
        networks: Vec<Mapping>,
        views: Symmetries,
    },
    /// Whatever it is.
    Occlusion(Box<Predictor>),
}

/// A network that says its logits position by position.
struct Mapping {
    graph: Graph,
    scale: PixelScale,
}

impl Explainer {
    /// Loads the run in `folder`, whose frozen weights may lie in `store`; `way` is the one asked for, else class
    /// maps where the run has them.
    ///
    /// # Errors
    /// When a file is missing or damaged; the run is an ensemble, which has no network of its own, or was trained on
    /// embeddings; or it has no class maps and they were asked for.
    pub fn load(
        folder: &RunFolder,
        store: &WeightStore,
        folds: UseFolds,
        way: Option<ExplainWay>,
    ) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let networks = match way {
            Some(ExplainWay::Occlusion) => None,
            Some(ExplainWay::ClassMap) | None => mappings(folder, &record, store, folds)?,
        };
        let how = match networks {
            Some(networks) => How::Maps {
                networks,
                views: record.views,
            },
            None if way == Some(ExplainWay::ClassMap) => {
                return Err(TrainError::NoClassMaps(folder.dir().to_owned()));
            }
            None => How::Occlusion(Predictor::load(folder, store, folds)?.into()),
        };
        let limits = decode_limits(record.max_side_px);
        let reader = PatchReader::new(&record.preprocess[0], limits)?;
        Ok(Self { reader, how })
    }

    /// How maps come about.
    pub const fn way(&self) -> ExplainWay {
        match self.how {
            How::Maps { .. } => ExplainWay::ClassMap,
            How::Occlusion(_) => ExplainWay::Occlusion,
        }
    }

    /// A patch as the network sees it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn read(&self, source: &PatchSource) -> Result<RgbPatch, TrainError> {
        self.reader.read(source)
    }

    /// What speaks for each class in a patch of the network's size.
    ///
    /// # Errors
    /// When it has values that the run's cache could not have kept.
    pub fn explain(&self, patch: &RgbPatch) -> Result<ClassMap, TrainError> {
        match &self.how {
            How::Occlusion(predictor) => occlusion(predictor, patch),
            How::Maps { networks, views } => Ok(mean_map(networks, *views, patch)),
        }
    }
}

/// The networks whose mean logits are those of the run, where each has class maps.
fn mappings(
    folder: &RunFolder,
    record: &RunRecord,
    store: &WeightStore,
    folds: UseFolds,
) -> Result<Option<Vec<Mapping>>, TrainError> {
    // Further sizes are judged on embeddings beside those that a map is of.
    if record.hidden > 0 || !record.other_sizes.is_empty() || !record.head.is_linear() {
        return Ok(None);
    }
    let networks = if folds == UseFolds::Average && has_mean(record) {
        vec![FoldNetwork::load_mean(folder, record, store)?]
    } else {
        let frozen = frozen_tensors(folder, record, store)?;
        let folds = folds.of(record).into_iter();
        let networks = folds.map(|fold| FoldNetwork::of(folder, record, &frozen, fold));
        networks.collect::<Result<Vec<_>, TrainError>>()?
    };
    let mapping = |fold: &FoldNetwork| {
        let recording = fold.network.record_logits(record.size_px())?;
        let Some(maps) = recording.class_maps() else {
            return Ok(None);
        };
        Ok(Some(Mapping {
            graph: Graph::new(maps)?,
            scale: PixelScale::new(&fold.preprocess.scale),
        }))
    };
    networks.iter().map(mapping).collect()
}

/// The mean over networks and views, each view turned back.
fn mean_map(networks: &[Mapping], views: Symmetries, patch: &RgbPatch) -> ClassMap {
    let [height, width, classes] = networks[0].graph.output_shape();
    let all = networks.iter().flat_map(|network| {
        let views = views.members().iter();
        views.map(move |view| (network, *view))
    });
    let all: Vec<(&Mapping, D4)> = all.collect();
    let map = |workspace: &mut Workspace, (network, view): &(&Mapping, D4)| {
        let image: Vec<f32> = network
            .scale
            .interleaved(&symmetric(patch, *view))
            .collect();
        let values = network.graph.run(1, &image, workspace);
        view.inverse().apply(values, height, width, classes)
    };
    let maps = all.par_iter().map_init(Workspace::default, map);
    let values = mean_of(&maps.collect::<Vec<_>>());
    let logits = (0..classes).map(|class| {
        let of_class = values.iter().skip(class).step_by(classes);
        of_class.sum::<f32>() / (height * width) as f32
    });
    ClassMap {
        way: ExplainWay::ClassMap,
        height,
        width,
        classes,
        logits: logits.collect(),
        values,
    }
}
