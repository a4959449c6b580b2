//! Training a whole network from images.
//!
//! Plain and complete: shuffled batches, random symmetries, cross-entropy, any [`Optimiser`],
//! batch norms in training mode. Every draw comes from a named stream at `[fold, epoch]`, so the
//! same seed gives the same weights.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Gradients, Tensor, TensorData};
use eosin_core::config::{Augment, TrainConfig};
use eosin_core::{D4, Seed, Stream};
use eosin_models::{Architecture, Backbone, BurnEngine, Graph, Workspace, cpu};
use rand::RngExt as _;
use rayon::prelude::*;

use crate::error::TrainError;
use crate::loss::{Loss, softmax};
use crate::optimiser::{Optimiser, clip};
use crate::patches::{PatchSet, PixelScale};
use crate::sampling::epoch_order;
use crate::schedule::learning_rate;

/// What one epoch of full training came to.
#[derive(Clone, Copy, Debug)]
pub struct FullEpoch {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Mean loss over the epoch's batches.
    pub train_loss: f64,
}

/// Hears of the end of an epoch and says whether to go on.
pub type EpochEnd<'a> = dyn FnMut(FullEpoch, &Backbone) -> Result<ControlFlow<()>, TrainError> + 'a;

/// Trains all weights of `network` on the patches `rows` of `patches`.
///
/// `progress` hears of every step (`done`, `total`); `epoch_end` of every epoch, with the network
/// as it is then.
pub struct FullTraining<'a> {
    /// Hyper-parameters.
    pub config: &'a TrainConfig,
    /// The run's seed.
    pub seed: Seed,
    /// Number of the fold, part of every random stream's position.
    pub fold: u64,
    /// The images.
    pub patches: &'a PatchSet,
    /// Indices of the training part.
    pub rows: &'a [usize],
    /// How pixel values are scaled.
    pub scale: PixelScale,
    /// The loss.
    pub loss: Loss,
}

impl FullTraining<'_> {
    /// Runs every epoch and returns the trained network.
    ///
    /// `epoch_end` says whether to stop.
    ///
    /// # Errors
    /// Those of `epoch_end`, which end the training.
    pub fn run(
        &self,
        mut network: Backbone,
        progress: &mut dyn FnMut(usize, usize),
        epoch_end: &mut EpochEnd<'_>,
    ) -> Result<Backbone, TrainError> {
        let mut flat = FlatWeights::read(&network);
        let mut optimiser = Optimiser::new(self.config, flat.values.len());
        for epoch in 0..self.config.epochs {
            let position = [self.fold, epoch as u64];
            let class = |row: usize| self.patches.targets[row];
            let order = epoch_order(self.config.sampling, self.rows, class, self.seed, position);
            let steps = order.len().div_ceil(self.config.batch_size);
            let mut augment = self.seed.stream(Stream::Augment, &position);
            let dropout = self.seed.stream(Stream::Dropout, &position);
            let engine = BurnEngine::training(dropout);
            let mut total = 0.0;
            for (step, batch) in order.chunks(self.config.batch_size).enumerate() {
                let views: Vec<(usize, D4)> = batch
                    .iter()
                    .map(|row| (*row, draw_symmetry(self.config.augment, &mut augment)))
                    .collect();
                let rate = learning_rate(self.config, epoch * steps + step, steps);
                let (loss, mut gradients) = self.differentiate(&network, &engine, &views, &flat);
                total += loss;
                clip(&mut gradients, self.config.clip_norm);
                optimiser.step(&mut flat.values, &gradients, |i| flat.decays[i], rate);
                network = flat.write(network);
                progress(epoch * steps + step + 1, self.config.epochs * steps);
            }
            let end = FullEpoch {
                epoch,
                train_loss: total / steps as f64,
            };
            if epoch_end(end, &network)?.is_break() {
                break;
            }
        }
        Ok(network)
    }

    /// Loss of one batch and the gradient of every weight.
    fn differentiate(
        &self,
        network: &Backbone,
        engine: &BurnEngine,
        views: &[(usize, D4)],
        flat: &FlatWeights,
    ) -> (f64, Vec<f32>) {
        let device = cpu(true);
        let side = self.patches.size_px;
        let planar: Vec<f32> = views
            .par_iter()
            .flat_map_iter(|(row, symmetry)| self.scale.planar(self.patches, *row, *symmetry))
            .collect();
        let x = TensorData::new(planar, [views.len(), 3, side, side]);
        let logits = network.logits(
            engine,
            Tensor::<4>::from_data(x, &device),
            self.config.dropout,
        );
        let shape = logits.dims();
        let values: Vec<f32> = logits
            .clone()
            .into_data()
            .try_to_vec()
            .expect("logits are held as f32");
        let targets: Vec<usize> = views
            .iter()
            .map(|(row, _)| self.patches.targets[*row])
            .collect();
        let mut derivative = vec![0.0; values.len()];
        let loss = self.loss.backward(&values, &targets, &mut derivative);
        // The sum of logits times their loss derivative has the gradients of the loss itself.
        let derivative = Tensor::<2>::from_data(TensorData::new(derivative, shape), &device);
        let gradients = (logits * derivative).sum().backward();
        (loss, flat.gradients(network, &gradients))
    }
}

/// The symmetry that a training patch is seen under.
pub(crate) fn draw_symmetry(augment: Augment, rng: &mut eosin_core::Rng) -> D4 {
    match augment {
        Augment::None => D4::IDENTITY,
        Augment::D4 => D4::from_index(rng.random_range(0..D4::COUNT)),
    }
}

/// Images in one run of the graph. Always so many, the last of them blank when there are fewer, so
/// that an image's bits do not depend on how many others there are.
pub(crate) const TOGETHER: usize = 8;

/// Logits, `[images, classes]`, of at most [`TOGETHER`] images.
pub(crate) fn padded_logits(
    graph: &Graph,
    mut images: Vec<f32>,
    workspace: &mut Workspace,
) -> Vec<f32> {
    let [height, width] = graph.input_size();
    let count = images.len() / (height * width * 3);
    images.resize(TOGETHER * height * width * 3, 0.0);
    graph.run(TOGETHER, &images, workspace)[..count * graph.output_width()].to_vec()
}

/// Logits and probabilities of `rows` (each `[rows, classes]`) by the evaluation graph of
/// `network`.
pub fn predict_full(
    network: &Backbone,
    patches: &PatchSet,
    rows: &[usize],
    scale: &PixelScale,
) -> (Vec<f32>, Vec<f32>) {
    let graph = Graph::logits(network, patches.size_px);
    let logits: Vec<f32> = rows
        .par_chunks(TOGETHER)
        .map_init(Workspace::default, |workspace, rows| {
            let images = rows
                .iter()
                .flat_map(|row| scale.interleaved(patches.image(*row)))
                .collect();
            padded_logits(&graph, images, workspace)
        })
        .collect::<Vec<_>>()
        .concat();
    let mut probs = logits.clone();
    softmax(&mut probs, graph.output_width());
    (logits, probs)
}

/// All trainable weights as one vector, and where each tensor stands in it.
struct FlatWeights {
    values: Vec<f32>,
    places: BTreeMap<u64, std::ops::Range<usize>>,
    /// Whether each weight is decayed: those of tensors with two or more axes are, as in timm.
    decays: Vec<bool>,
}

impl FlatWeights {
    fn read(network: &Backbone) -> Self {
        let mut flat = Self {
            values: Vec::new(),
            places: BTreeMap::new(),
            decays: Vec::new(),
        };
        network.visit(&mut flat);
        flat
    }

    fn write(&self, network: Backbone) -> Backbone {
        network.map(&mut Writer(self))
    }

    fn gradients(&self, network: &Backbone, gradients: &Gradients) -> Vec<f32> {
        let mut reader = GradientReader {
            flat: self,
            gradients,
            values: vec![0.0; self.values.len()],
        };
        network.visit(&mut reader);
        reader.values
    }
}

impl ModuleVisitor for FlatWeights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if !tensor.is_require_grad() {
            return;
        }
        let start = self.values.len();
        self.values.extend(
            tensor
                .into_data()
                .try_to_vec::<f32>()
                .expect("weights are held as f32"),
        );
        let range = start..self.values.len();
        self.decays.resize(range.end, D >= 2);
        self.places.insert(key(param.id), range);
    }
}

fn key(id: ParamId) -> u64 {
    id.val()
}

struct Writer<'a>(&'a FlatWeights);

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(range) = self.0.places.get(&key(param.id)) else {
            return param;
        };
        let values = self.0.values[range.clone()].to_vec();
        param.map(|old| {
            let data = TensorData::new(values, old.dims());
            Tensor::from_data(data, &old.device()).require_grad()
        })
    }
}

struct GradientReader<'a> {
    flat: &'a FlatWeights,
    gradients: &'a Gradients,
    values: Vec<f32>,
}

impl ModuleVisitor for GradientReader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(range) = self.flat.places.get(&key(param.id)) else {
            return;
        };
        if let Some(gradient) = param.val().grad(self.gradients) {
            let values: Vec<f32> = gradient
                .into_data()
                .try_to_vec()
                .expect("gradients are held as f32");
            self.values[range.clone()].copy_from_slice(&values);
        }
    }
}
