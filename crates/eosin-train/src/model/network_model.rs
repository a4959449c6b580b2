//! The last stages of a network, or all of it, as something that is trained.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use eosin_core::config::TrainConfig;
use eosin_core::{BackboneName, Rng};
use eosin_models::{
    Architecture as _, Backbone, BurnEngine, Graph, Tape, Workspace, cpu, load_state,
    stage_of_tensors, state_dict, tensor_names,
};
use eosin_weights::{StateDict, StateError, TensorDict};
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::model::tape_runner::TapeRunner;
use crate::model::trainable::{Groups, LossOf, Trainable};

/// The part of a network from a stage on, trained on the CPU kernels where these have all of its
/// gradients (convolutional networks without dropout), else with Burn's tensors.
///
/// Its state is every trainable tensor of those stages in the order of the module, then their
/// running statistics; groups are stages, with the classifier as one more.
pub struct NetworkModel {
    network: Backbone,
    cut: usize,
    map: [usize; 3],
    dropout: f64,
    batch_statistics: bool,
    places: Places,
    initial: Vec<f32>,
    groups: Arc<Groups>,
    /// The same on the CPU kernels, where these have all of its gradients.
    tape: Option<TapeRunner>,
}

/// Where a network is cut, and what it is run at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
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
    pub fn new(cut: &Cut, weights: &TensorDict, config: &TrainConfig) -> Result<Self, StateError> {
        // Nothing is shared with another network, whose clones would share running statistics.
        let fresh = Backbone::new(cut.name, cut.classes, cut.size_px, &cpu(true));
        let network = load_state(fresh, weights)?;
        let mut reader = Reader::new(&network, cut);
        network.visit(&mut reader);
        let Reader {
            mut values,
            buffers,
            mut places,
            decays,
            group,
            ..
        } = reader;
        for (id, range) in reader.buffer_places {
            places.insert(id, range.start + values.len()..range.end + values.len());
        }
        values.extend(buffers);
        let stages = network.stages().len();
        let batch_statistics = config.trains_batch_norm();
        let tape = (config.dropout == 0.0)
            .then(|| Tape::tail_logits(&network, cut.stage, cut.map, batch_statistics));
        Ok(Self {
            tape: tape.flatten().map(TapeRunner::new),
            cut: cut.stage,
            map: cut.map,
            dropout: config.dropout,
            batch_statistics,
            places: Places(places),
            initial: values,
            groups: Arc::new(Groups {
                decays,
                group,
                groups: stages - cut.stage + 1,
            }),
            network,
        })
    }

    /// The whole network with this state.
    fn with_state(&self, state: &[f32]) -> Backbone {
        let places = &self.places;
        self.network.clone().map(&mut Writer { places, state })
    }

    /// The tensors that were trained, under their names.
    pub fn tensors(&self, state: &[f32]) -> StateDict {
        let names = tensor_names(&self.network);
        let trained: BTreeSet<&String> = self.places.0.keys().map(|id| &names[id]).collect();
        let mut tensors = state_dict(&self.with_state(state));
        tensors.retain(|name, _| trained.contains(name));
        tensors
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
        if let Some(tape) = &mut self.tape {
            let group = &self.groups.group;
            let of_batch = |place: usize| usize::from(group[place]) >= active;
            let places = &self.places.0;
            return tape.gradients(places, state, of_batch, &inputs, loss, gradients);
        }
        self.network = self.with_state(state);
        let device = cpu(true);
        let [height, width, channels] = self.map;
        let rows = inputs.len() / (height * width * channels);
        let data = TensorData::new(inputs, [rows, height, width, channels]);
        let mut x = Tensor::<4>::from_data(data, &device).permute([0, 3, 1, 2]);
        let from = self.cut + active;
        for stage in self.cut..from {
            let frozen = BurnEngine::evaluating();
            x = self.network.stage(&frozen, stage, x);
        }
        let x = if active > 0 { x.detach() } else { x };
        let engine = if self.batch_statistics {
            BurnEngine::training(dropout)
        } else {
            BurnEngine::tuning(dropout)
        };
        let logits = self.network.tail_logits(&engine, from, x, self.dropout);
        let shape = logits.dims();
        let values: Vec<f32> = logits
            .clone()
            .into_data()
            .try_to_vec()
            .expect("logits are f32");
        let mut derivative = vec![0.0; values.len()];
        let value = loss(&values, &mut derivative);
        // The sum of logits times their loss derivative has the gradients of the loss itself.
        let derivative = Tensor::<2>::from_data(TensorData::new(derivative, shape), &device);
        let found = (logits * derivative).sum().backward();
        gradients.fill(0.0);
        self.network.visit(&mut GradientReader {
            places: &self.places,
            gradients: &found,
            values: gradients,
        });
        if self.batch_statistics {
            let weights = gradients.len();
            self.network.visit(&mut BufferReader {
                places: &self.places,
                weights,
                state,
            });
        }
        value
    }

    fn logits(
        &self,
        state: &[f32],
        source: &dyn InputSource,
        rows: &[usize],
    ) -> Result<Vec<f32>, TrainError> {
        let graph = Graph::tail_logits(&self.with_state(state), self.cut, self.map);
        tail_logits(&graph, source, rows)
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

/// Logits of `rows` as they are.
///
/// # Errors
/// When the source cannot give a row.
fn tail_logits(
    graph: &Graph,
    source: &dyn InputSource,
    rows: &[usize],
) -> Result<Vec<f32>, TrainError> {
    let parts: Result<Vec<Vec<f32>>, TrainError> = rows
        .par_chunks(TOGETHER)
        .map_init(Workspace::default, |workspace, rows| {
            Ok(padded_logits(graph, source.upright(rows)?, workspace))
        })
        .collect();
    Ok(parts?.concat())
}

/// Where each tensor stands in the state, by its parameter's id.
struct Places(BTreeMap<u64, Range<usize>>);

/// Collects the tensors of the trained stages.
struct Reader {
    stages: BTreeMap<u64, usize>,
    cut: usize,
    stages_in_all: usize,
    values: Vec<f32>,
    buffers: Vec<f32>,
    places: BTreeMap<u64, Range<usize>>,
    buffer_places: BTreeMap<u64, Range<usize>>,
    decays: Vec<bool>,
    group: Vec<u8>,
}

impl Reader {
    fn new(network: &Backbone, cut: &Cut) -> Self {
        let of = stage_of_tensors(network, cut.size_px);
        let stage = |(id, name): (u64, String)| Some((id, *of.get(&name)?));
        Self {
            stages: tensor_names(network)
                .into_iter()
                .filter_map(stage)
                .collect(),
            cut: cut.stage,
            stages_in_all: network.stages().len(),
            values: Vec::new(),
            buffers: Vec::new(),
            places: BTreeMap::new(),
            buffer_places: BTreeMap::new(),
            decays: Vec::new(),
            group: Vec::new(),
        }
    }
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let id = param.id.val();
        let stage = self.stages.get(&id).copied().unwrap_or(self.stages_in_all);
        if stage < self.cut {
            return;
        }
        let tensor = param.val();
        let trained = tensor.is_require_grad();
        let values: Vec<f32> = tensor.into_data().try_to_vec().expect("weights are f32");
        let (list, places) = if trained {
            (&mut self.values, &mut self.places)
        } else {
            (&mut self.buffers, &mut self.buffer_places)
        };
        let start = list.len();
        list.extend(values);
        places.insert(id, start..list.len());
        if trained {
            // Tensors with two or more axes are decayed, as in timm.
            self.decays.resize(list.len(), D >= 2);
            let group = u8::try_from(stage - self.cut).expect("a network has few stages");
            self.group.resize(list.len(), group);
        }
    }
}

struct Writer<'a> {
    places: &'a Places,
    state: &'a [f32],
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(range) = self.places.0.get(&param.id.val()) else {
            return param;
        };
        let values = self.state[range.clone()].to_vec();
        param.map(|old| {
            let data = TensorData::new(values, old.dims());
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}

struct GradientReader<'a> {
    places: &'a Places,
    gradients: &'a Gradients,
    values: &'a mut [f32],
}

impl ModuleVisitor for GradientReader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(range) = self.places.0.get(&param.id.val()) else {
            return;
        };
        if let Some(gradient) = param.val().grad(self.gradients) {
            let values: Vec<f32> = gradient
                .into_data()
                .try_to_vec()
                .expect("gradients are f32");
            self.values[range.clone()].copy_from_slice(&values);
        }
    }
}

/// Reads running statistics back into the state, whose first `weights` values are weights.
struct BufferReader<'a> {
    places: &'a Places,
    weights: usize,
    state: &'a mut [f32],
}

impl ModuleVisitor for BufferReader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let range = self.places.0.get(&param.id.val());
        let Some(range) = range.filter(|range| range.start >= self.weights) else {
            return;
        };
        let values: Vec<f32> = param
            .val()
            .into_data()
            .try_to_vec()
            .expect("statistics are f32");
        self.state[range.clone()].copy_from_slice(&values);
    }
}
