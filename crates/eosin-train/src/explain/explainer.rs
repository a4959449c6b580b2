//! A trained run, ready to say where in a patch its logits come from.

use eosin_core::config::{HeadKind, Symmetries};
use eosin_core::{D4, Seed};
use eosin_data::{PatchSource, Resize, RgbPatch};
use eosin_models::{Graph, HiResCam, PlaceValues, StoredNetwork, Workspace};
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
    Networks {
        networks: Vec<Mapping>,
        views: Symmetries,
    },
    /// Whatever it is.
    Occlusion(Box<Predictor>),
}

/// A network that says its logits place by place.
struct Mapping {
    way: Places,
    scale: PixelScale,
}

enum Places {
    Exact(Graph),
    ByGradient(HiResCam),
}

/// Which weights explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainedWeights {
    /// Those of the run.
    Trained,
    /// Fresh ones in all layers: a map that is much the same says nothing of the run (Adebayo et al. 2018,
    /// arXiv:1810.03292).
    Fresh(Seed),
}

impl Explainer {
    /// Loads the run in `folder`, whose frozen weights may lie in `store`; `way` is the one asked for, else class
    /// maps where the run has them, else `HiResCAM` where it is a network.
    ///
    /// # Errors
    /// When a file is missing or damaged; the run is an ensemble, which has no network of its own, or was trained on
    /// embeddings; or it has no maps of the way that was asked for.
    pub fn load(
        folder: &RunFolder,
        store: &WeightStore,
        folds: UseFolds,
        way: Option<ExplainWay>,
        weights: ExplainedWeights,
    ) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let networks = match way {
            Some(ExplainWay::Occlusion) => None,
            _ => networks(folder, &record, store, folds)?,
        };
        let mappings = match networks {
            Some(networks) => mappings(&networks, record.size_px(), way, weights)?,
            None => None,
        };
        let how = match (mappings, way) {
            (Some(networks), _) => How::Networks {
                networks,
                views: record.views,
            },
            (None, Some(way @ (ExplainWay::ClassMap | ExplainWay::HiResCam))) => {
                return Err(TrainError::NoMapsOf {
                    way,
                    run: folder.dir().to_owned(),
                });
            }
            (None, _) if weights != ExplainedWeights::Trained => {
                return Err(TrainError::NothingToRandomise(folder.dir().to_owned()));
            }
            (None, _) => How::Occlusion(Predictor::load(folder, store, folds)?.into()),
        };
        let limits = decode_limits(record.max_side_px);
        let reader = PatchReader::new(&record.preprocess[0], limits)?;
        Ok(Self { reader, how })
    }

    /// How maps come about.
    pub fn way(&self) -> ExplainWay {
        match &self.how {
            How::Networks { networks, .. } => networks[0].way.name(),
            How::Occlusion(_) => ExplainWay::Occlusion,
        }
    }

    /// The same for patches that are brought to the network's size this way.
    #[must_use]
    pub fn resizing(mut self, how: Resize) -> Self {
        self.reader.resize = Some(how);
        self
    }

    /// How patches are read.
    pub const fn reader(&self) -> &PatchReader {
        &self.reader
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
    pub fn explain(&mut self, patch: &RgbPatch) -> Result<ClassMap, TrainError> {
        match &mut self.how {
            How::Occlusion(predictor) => occlusion(predictor, patch),
            How::Networks { networks, views } => Ok(mean_map(networks, *views, patch)),
        }
    }
}

/// The networks whose mean logits are those of the run; `None` where its answers are not logits of networks on
/// one patch.
fn networks(
    folder: &RunFolder,
    record: &RunRecord,
    store: &WeightStore,
    folds: UseFolds,
) -> Result<Option<Vec<FoldNetwork>>, TrainError> {
    // Further sizes are judged on embeddings beside those that a map is of.
    if !record.other_sizes.is_empty() || record.head == HeadKind::Knn {
        return Ok(None);
    }
    if folds == UseFolds::Average && has_mean(record) {
        return Ok(Some(vec![FoldNetwork::load_mean(folder, record, store)?]));
    }
    let frozen = frozen_tensors(folder, record, store)?;
    let folds = folds.of(record).into_iter();
    let networks = folds.map(|fold| FoldNetwork::of(folder, record, &frozen, fold));
    Ok(Some(networks.collect::<Result<_, _>>()?))
}

/// What tells places apart in each of the networks, by the way asked for, or the best that they have.
fn mappings(
    networks: &[FoldNetwork],
    size_px: usize,
    way: Option<ExplainWay>,
    weights: ExplainedWeights,
) -> Result<Option<Vec<Mapping>>, TrainError> {
    let mapping = |fold: &FoldNetwork| {
        let network = match weights {
            ExplainedWeights::Trained => fold.network.clone(),
            ExplainedWeights::Fresh(seed) => {
                StoredNetwork::fresh(fold.network.architecture().clone(), seed)
            }
        };
        let places = Places::of(&network, size_px, way)?;
        Ok(places.map(|way| Mapping {
            way,
            scale: PixelScale::new(&fold.preprocess.scale),
        }))
    };
    networks.iter().map(mapping).collect()
}

impl Places {
    fn of(
        network: &StoredNetwork,
        size_px: usize,
        way: Option<ExplainWay>,
    ) -> Result<Option<Self>, TrainError> {
        if way != Some(ExplainWay::HiResCam) {
            let maps = network.record_logits(size_px)?.class_maps();
            if let Some(maps) = maps {
                return Ok(Some(Self::Exact(Graph::new(maps)?)));
            }
            if way.is_some() {
                return Ok(None);
            }
        }
        Ok(HiResCam::new(network, size_px)?.map(Self::ByGradient))
    }

    const fn name(&self) -> ExplainWay {
        match self {
            Self::Exact(_) => ExplainWay::ClassMap,
            Self::ByGradient(_) => ExplainWay::HiResCam,
        }
    }

    /// Of images, each with its logits.
    fn run(&mut self, images: &[Vec<f32>]) -> Vec<PlaceValues> {
        match self {
            Self::ByGradient(cam) => cam.run(images),
            Self::Exact(graph) => {
                let map = |workspace: &mut Workspace, image: &Vec<f32>| {
                    exact(graph.output_shape(), graph.run(1, image, workspace))
                };
                let maps = images.par_iter().map_init(Workspace::default, map);
                maps.collect()
            }
        }
    }
}

/// A class map and the logits that are its mean.
fn exact(shape: [usize; 3], values: &[f32]) -> PlaceValues {
    let [height, width, classes] = shape;
    let logits = (0..classes).map(|class| {
        let of_class = values.iter().skip(class).step_by(classes);
        of_class.sum::<f32>() / (height * width) as f32
    });
    PlaceValues {
        shape,
        logits: logits.collect(),
        values: values.to_vec(),
    }
}

/// The mean over networks and views, each view turned back.
fn mean_map(networks: &mut [Mapping], views: Symmetries, patch: &RgbPatch) -> ClassMap {
    let views: Vec<D4> = views.members().to_vec();
    let way = networks[0].way.name();
    let (mut values, mut logits, mut sides) = (Vec::new(), Vec::new(), [0; 3]);
    for Mapping { way, scale } in networks {
        let images = views.iter().map(|view| {
            let turned = symmetric(patch, *view);
            scale.interleaved(&turned).collect()
        });
        let found = way.run(&images.collect::<Vec<Vec<f32>>>());
        for (view, one) in views.iter().zip(found) {
            let [height, width, classes] = one.shape;
            values.push(view.inverse().apply(&one.values, height, width, classes));
            logits.push(one.logits);
            sides = one.shape;
        }
    }
    let [height, width, classes] = sides;
    ClassMap {
        way,
        height,
        width,
        classes,
        values: mean_of(&values),
        logits: mean_of(&logits),
    }
}
