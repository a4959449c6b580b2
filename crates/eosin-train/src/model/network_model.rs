//! The last stages of a network, or all of it, as something that is trained.

use std::collections::BTreeMap;
use std::sync::Arc;

use eosin_core::config::TrainConfig;
use eosin_core::{BackboneName, Rng};
use eosin_models::{
    Backbone, BatchStatistics, Graph, Param, Role, StoredNetwork, Tail, Tape, Workspace,
    stage_of_tensors,
};
use eosin_weights::{StateDict, StateError, StateTensor, TensorDict, WeightsError};
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;
use crate::model::tape_runner::{Pass, Places, TapeRunner};
use crate::model::trainable::{Groups, LossOf, Trainable};
use crate::predict::predictions::mean_of;

/// The part of a network from a stage on.
///
/// Its state is every trainable tensor of those stages in the order of the network, then their
/// running statistics; groups are stages, with the classifier as one more.
pub struct NetworkModel {
    network: StoredNetwork,
    cut: usize,
    map: [usize; 3],
    places: Places,
    initial: Vec<f32>,
    groups: Arc<Groups>,
    tape: TapeRunner,
}

/// The part of a network that is trained, and what it is run at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainedPart {
    /// The architecture.
    pub name: BackboneName,
    /// Number of classes.
    pub classes: usize,
    /// Side of the images.
    pub size_px: usize,
    /// First stage that is trained.
    pub stage: usize,
    /// Height, width and channels of what enters it.
    pub map: [usize; 3],
}

impl NetworkModel {
    /// The stages of a network with these `weights` from the cut on.
    ///
    /// # Errors
    /// When the tensors are another network's, or cannot be read.
    pub fn new(
        cut: &TrainedPart,
        weights: &TensorDict,
        config: &TrainConfig,
    ) -> Result<Self, StateError> {
        let network = Backbone::new(cut.name, cut.classes, cut.size_px);
        let network = StoredNetwork::new(network, weights.clone())?;
        let layout = Layout::of(&network, cut)?;
        let tail = Tail {
            cut: cut.stage,
            map: cut.map,
            dropout: config.dropout,
            norms: if config.trains_batch_norm() {
                BatchStatistics::OfBatch
            } else {
                BatchStatistics::Frozen
            },
        };
        Ok(Self {
            tape: TapeRunner::new(Tape::new(&network, &tail)?),
            cut: cut.stage,
            map: cut.map,
            places: layout.places,
            initial: layout.values,
            groups: Arc::new(layout.groups),
            network,
        })
    }

    /// The whole network's weights with this state.
    fn weights(&self, state: &[f32]) -> TensorDict {
        let mut weights = self.network.weights().clone();
        for (name, tensor) in self.tensors(state) {
            weights.insert(name, Arc::new(tensor));
        }
        weights
    }

    /// The tensors that were trained, under their names.
    pub fn tensors(&self, state: &[f32]) -> StateDict {
        let tensor = |(name, place): (&String, &std::ops::Range<usize>)| {
            let shape = self.network.weights()[name].shape().to_vec();
            let values = state[place.clone()].to_vec();
            (name.clone(), StateTensor { shape, values })
        };
        self.places.iter().map(tensor).collect()
    }
}

impl Trainable for NetworkModel {
    fn groups(&self) -> &Arc<Groups> {
        &self.groups
    }

    fn initial(&self) -> Vec<f32> {
        self.initial.clone()
    }

    fn gradients(
        &mut self,
        state: &mut [f32],
        inputs: Vec<f32>,
        (dropout, active): (Rng, usize),
        loss: &mut LossOf<'_>,
        gradients: &mut [f32],
    ) -> f64 {
        let pass = Pass {
            first_stage: self.cut + active,
            dropout,
        };
        let (tape, places) = (&mut self.tape, &self.places);
        tape.gradients(places, state, pass, &inputs, loss, gradients)
    }

    fn logits(
        &self,
        state: &[f32],
        source: &dyn InputSource,
        rows: &[usize],
        views: &[View],
    ) -> Result<Vec<f32>, TrainError> {
        let network = self.network.architecture().clone();
        let network = StoredNetwork::new(network, self.weights(state))?;
        let graph = network.tail_logits(self.cut, self.map)?;
        let logits = views
            .iter()
            .map(|view| tail_logits(&graph, source, rows, *view));
        Ok(mean_of(&logits.collect::<Result<Vec<_>, TrainError>>()?))
    }
}

/// Rows in one run of the graph. Always so many, the last of them blank when there are fewer, so
/// that a row's bits do not depend on how many others there are.
pub(crate) const TOGETHER: usize = 8;

/// Logits, `[rows, classes]`, of inputs `[rows, width]` of at most [`TOGETHER`] rows.
pub(crate) fn padded_logits(
    graph: &Graph,
    mut inputs: Vec<f32>,
    workspace: &mut Workspace,
) -> Vec<f32> {
    let width: usize = graph.input_shape().iter().product();
    let count = inputs.len() / width;
    inputs.resize(TOGETHER * width, 0.0);
    graph.run(TOGETHER, &inputs, workspace)[..count * graph.output_width()].to_vec()
}

/// Logits of `rows`, looked at in one way.
///
/// # Errors
/// When the source cannot give a row.
fn tail_logits(
    graph: &Graph,
    source: &dyn InputSource,
    rows: &[usize],
    view: View,
) -> Result<Vec<f32>, TrainError> {
    let parts: Result<Vec<Vec<f32>>, TrainError> = rows
        .par_chunks(TOGETHER)
        .map_init(Workspace::default, |workspace, rows| {
            Ok(padded_logits(graph, source.under(view, rows)?, workspace))
        })
        .collect();
    Ok(parts?.concat())
}

/// How the state of the trained stages is laid out.
struct Layout {
    values: Vec<f32>,
    places: Places,
    groups: Groups,
}

impl Layout {
    fn of(network: &StoredNetwork, cut: &TrainedPart) -> Result<Self, WeightsError> {
        let architecture = network.architecture();
        let stages = architecture.stages().len();
        let stage_of = stage_of_tensors(architecture, cut.size_px);
        let mut layout = Self {
            values: Vec::new(),
            places: BTreeMap::new(),
            groups: Groups {
                decays: Vec::new(),
                group: Vec::new(),
                groups: stages - cut.stage + 1,
            },
        };
        let parameters = architecture.parameters().iter();
        let of_tail = parameters.filter(|param| stage_of[param.name()] >= cut.stage);
        let (trained, statistics): (Vec<&Param>, Vec<&Param>) =
            of_tail.partition(|param| param.role() == Role::Trained);
        for param in trained {
            layout.add(network, param)?;
            let count = layout.values.len();
            // Tensors with two or more axes are decayed, as in timm.
            layout.groups.decays.resize(count, param.shape().len() >= 2);
            let group = stage_of[param.name()] - cut.stage;
            let group = u8::try_from(group).expect("a network has few stages");
            layout.groups.group.resize(count, group);
        }
        for param in statistics {
            layout.add(network, param)?;
        }
        Ok(layout)
    }

    fn add(&mut self, network: &StoredNetwork, param: &Param) -> Result<(), WeightsError> {
        let start = self.values.len();
        let values = network.weights()[param.name()].read_all()?;
        self.values.extend_from_slice(&values);
        let place = start..self.values.len();
        self.places.insert(param.name().to_owned(), place);
        Ok(())
    }
}
