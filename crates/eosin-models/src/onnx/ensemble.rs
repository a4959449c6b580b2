//! Several networks and what combines them as one ONNX file.
//!
//! All networks see the same images; each scales them as it was trained to. What every fold says goes
//! side by side, `[batch, folds, classes]`, through the combination that was fitted for that fold, and the
//! mean of the folds' logits comes out, as `eosin predict` has it.

use std::collections::BTreeMap;

use eosin_core::D4;
use eosin_weights::{StoredAs, WeightsError};

use super::file::OnnxFile;
use super::lower::lower_all;
use super::orbit::{mean_of_views, views_of};
use super::proto::FLOAT;
use super::writer::{Value, Writer};
use super::{OnnxInput, finish, scale};
use crate::stored_network::StoredNetwork;

/// Log probability below which none is told from another, as the combinations have it.
const LEAST_LOG_PROB: f32 = -80.0;
/// What the mean probability of a class counts beside votes, and what each class has beside them: see
/// hard voting in `eosin-ensemble`.
const TIE: f32 = 1e-3;
const HALF_A_VOTE: f32 = 0.5;

/// Networks, and how what they say becomes one.
#[derive(Clone, Debug)]
pub struct OnnxEnsemble {
    /// The networks of each member: one, or one a fold.
    pub members: Vec<Vec<OnnxBranch>>,
    /// How they are joined.
    pub join: OnnxJoin,
    /// The number of folds.
    pub folds: usize,
    /// The number of classes.
    pub classes: usize,
}

/// A network of a member.
#[derive(Clone, Debug)]
pub struct OnnxBranch {
    /// The network.
    pub network: StoredNetwork,
    /// How it wants images scaled.
    pub input: OnnxInput,
    /// The views of an image that it looks at.
    pub views: &'static [D4],
    /// What is wanted of it.
    pub end: OnnxEnd,
    /// Branches of one name have the same embedding of an image, which is computed once.
    pub shared: Option<String>,
}

/// What is wanted of a network.
#[derive(Clone, Debug)]
pub enum OnnxEnd {
    /// Its own logits, of one fold.
    Logits,
    /// The logits of other last layers on its embedding, of all folds one after the other.
    Heads(OnnxHead),
    /// The embedding itself.
    Embedding,
}

/// A linear layer.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxHead {
    /// `[outputs, inputs]`.
    pub weight: Vec<f32>,
    /// Of each output.
    pub bias: Vec<f32>,
}

/// How what members say becomes one.
#[derive(Clone, Debug)]
pub enum OnnxJoin {
    /// One layer on all embeddings side by side; it is the mean of the folds'.
    Head(OnnxHead),
    /// Their logits, combined.
    Combined(OnnxRule),
}

/// How logits are combined; weights are `[members][folds]`.
#[derive(Clone, Debug, PartialEq)]
pub enum OnnxRule {
    /// `bias_c + sum_m w_m log p_mc`.
    LogProbs {
        /// Of each member.
        weights: Vec<Vec<f32>>,
        /// `[folds, classes]`.
        bias: Vec<f32>,
    },
    /// `log sum_m w_m p_mc`.
    Probs(Vec<Vec<f32>>),
    /// `log sqrt(1/M sum_m p_mc^2)`.
    Squares,
    /// The share of votes.
    Votes,
}

/// What an ensemble's file is to be.
#[derive(Clone, Copy, Debug)]
pub struct OnnxEnsembleOptions {
    /// Side of the images in pixels, the same for all networks.
    pub size_px: usize,
    /// How weights are stored.
    pub stored_as: StoredAs,
}

/// An ONNX file that computes the ensemble's logits and probabilities; `notes` become its metadata.
///
/// # Errors
/// When weights cannot be read.
pub fn ensemble_to_onnx(
    ensemble: &OnnxEnsemble,
    options: &OnnxEnsembleOptions,
    notes: &BTreeMap<String, String>,
) -> Result<OnnxFile, WeightsError> {
    let mut growing = Growing {
        writer: Writer::new(options.stored_as),
        size_px: options.size_px,
        embeddings: BTreeMap::new(),
    };
    let said = ensemble
        .members
        .iter()
        .map(|branches| growing.member(branches));
    let said = said.collect::<Result<Vec<String>, WeightsError>>()?;
    let Growing { mut writer, .. } = growing;
    let OnnxEnsemble { folds, classes, .. } = *ensemble;
    let out = match &ensemble.join {
        OnnxJoin::Head(head) => {
            let inputs: Vec<&str> = said.iter().map(String::as_str).collect();
            let all = writer.node("Concat", &inputs, vec![("axis", Value::Int(1))]);
            linear(&mut writer, &all, head)
        }
        OnnxJoin::Combined(rule) => {
            let combine = Combine {
                writer: &mut writer,
                said: &said,
                folds,
                classes,
            };
            let logits = combine.by(rule);
            mean_of_folds(&mut writer, &logits, folds)
        }
    };
    let input = ensemble.members.iter().flatten().next();
    let input = input.map_or(OnnxInput::Scaled, |branch| branch.input);
    let file = super::FileFacts {
        input,
        size_px: options.size_px,
        classes,
    };
    Ok(finish(writer, &out, &file, notes))
}

/// The part of a graph that is written.
struct Growing {
    writer: Writer,
    size_px: usize,
    /// Embeddings by the name that branches share.
    embeddings: BTreeMap<String, String>,
}

impl Growing {
    /// What a member says, `[batch, folds * classes, 1, 1]`, or its embedding.
    fn member(&mut self, branches: &[OnnxBranch]) -> Result<String, WeightsError> {
        let said = branches.iter().map(|branch| self.branch(branch));
        let said = said.collect::<Result<Vec<String>, WeightsError>>()?;
        if let [one] = &said[..] {
            return Ok(one.clone());
        }
        let inputs: Vec<&str> = said.iter().map(String::as_str).collect();
        Ok(self
            .writer
            .node("Concat", &inputs, vec![("axis", Value::Int(1))]))
    }

    fn branch(&mut self, branch: &OnnxBranch) -> Result<String, WeightsError> {
        match &branch.end {
            OnnxEnd::Logits => self.network(branch),
            OnnxEnd::Embedding => self.embedding(branch),
            OnnxEnd::Heads(heads) => {
                let embedding = self.embedding(branch)?;
                Ok(linear(&mut self.writer, &embedding, heads))
            }
        }
    }

    fn embedding(&mut self, branch: &OnnxBranch) -> Result<String, WeightsError> {
        let known = branch
            .shared
            .as_ref()
            .and_then(|name| self.embeddings.get(name));
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let made = self.network(branch)?;
        if let Some(name) = &branch.shared {
            self.embeddings.insert(name.clone(), made.clone());
        }
        Ok(made)
    }

    /// The mean over views of what a network gives, `[batch, width, 1, 1]`.
    fn network(&mut self, branch: &OnnxBranch) -> Result<String, WeightsError> {
        let recording = match branch.end {
            OnnxEnd::Logits => branch.network.record_logits(self.size_px)?,
            OnnxEnd::Heads(_) | OnnxEnd::Embedding => {
                branch.network.record_embedding(self.size_px)?
            }
        };
        let width = recording.output_shape().iter().product();
        let writer = &mut self.writer;
        let scaled = scale(writer, branch.input.name(), branch.input);
        let seen = views_of(writer, &scaled, self.size_px, branch.views);
        let out = lower_all(writer, &recording, &seen);
        let out = writer.reshape(&out, &[0, width, 1, 1]);
        Ok(mean_of_views(writer, &out, branch.views.len(), width))
    }
}

/// A linear layer on `[batch, inputs, 1, 1]`.
fn linear(writer: &mut Writer, x: &str, head: &OnnxHead) -> String {
    let outputs = head.bias.len();
    let inputs = head.weight.len() / outputs;
    let weight = writer.weights(&head.weight, &[outputs, inputs, 1, 1]);
    let bias = writer.constant(&head.bias, &[outputs]);
    let kernel = vec![("kernel_shape", Value::Ints(vec![1, 1]))];
    writer.node("Conv", &[x, &weight, &bias], kernel)
}

/// The mean over folds of `[batch, folds, classes]`.
fn mean_of_folds(writer: &mut Writer, logits: &str, folds: usize) -> String {
    let axis = writer.integers(&[1]);
    let kept = vec![("keepdims", Value::Int(0))];
    let sum = writer.node("ReduceSum", &[logits, &axis], kept);
    let share = writer.constant(&[1.0 / folds as f32], &[]);
    writer.node("Mul", &[&sum, &share], vec![])
}

/// Combines what members say.
struct Combine<'a> {
    writer: &'a mut Writer,
    said: &'a [String],
    folds: usize,
    classes: usize,
}

impl Combine<'_> {
    /// Logits, `[batch, folds, classes]`.
    fn by(mut self, rule: &OnnxRule) -> String {
        let all = self.said.iter().map(String::as_str).collect::<Vec<&str>>();
        let logs: Vec<String> = all.into_iter().map(|said| self.log_probs(said)).collect();
        let equal = vec![vec![1.0 / logs.len() as f32; self.folds]; logs.len()];
        match rule {
            OnnxRule::LogProbs { weights, bias } => {
                let sum = self.weighted(&logs, weights);
                let bias = self.writer.constant(bias, &[1, self.folds, self.classes]);
                self.writer.node("Add", &[&sum, &bias], vec![])
            }
            OnnxRule::Probs(weights) => {
                let probs = self.each("Exp", &logs);
                let sum = self.weighted(&probs, weights);
                self.log(&sum)
            }
            OnnxRule::Squares => {
                let probs = self.each("Exp", &logs);
                let square = |at: &String| self.writer.node("Mul", &[at, at], vec![]);
                let squares: Vec<String> = probs.iter().map(square).collect();
                let sum = self.weighted(&squares, &equal);
                let root = self.writer.node("Sqrt", &[&sum], vec![]);
                self.log(&root)
            }
            OnnxRule::Votes => {
                let votes: Vec<String> = logs.iter().map(|logs| self.votes(logs)).collect();
                let whole = logs.len() as f32 + HALF_A_VOTE * self.classes as f32;
                let share = vec![vec![1.0 / whole; self.folds]; votes.len()];
                let sum = self.weighted(&votes, &share);
                let half = self.writer.constant(&[HALF_A_VOTE / whole], &[]);
                let sum = self.writer.node("Add", &[&sum, &half], vec![]);
                self.log(&sum)
            }
        }
    }

    fn log_probs(&mut self, said: &str) -> String {
        let apart = self.writer.reshape(said, &[0, self.folds, self.classes]);
        let last = vec![("axis", Value::Int(-1))];
        let logs = self.writer.node("LogSoftmax", &[&apart], last);
        self.at_least(&logs)
    }

    /// What can be told from nothing.
    fn at_least(&mut self, logs: &str) -> String {
        let least = self.writer.constant(&[LEAST_LOG_PROB], &[]);
        self.writer.node("Max", &[logs, &least], vec![])
    }

    fn log(&mut self, x: &str) -> String {
        let log = self.writer.node("Log", &[x], vec![]);
        self.at_least(&log)
    }

    fn each(&mut self, op: &str, all: &[String]) -> Vec<String> {
        let one = |x: &String| self.writer.node(op, &[x], vec![]);
        all.iter().map(one).collect()
    }

    /// `1 - TIE` for the likeliest class, and `TIE p_c` for each.
    fn votes(&mut self, logs: &str) -> String {
        let classes: Vec<i64> = (0_i64..).take(self.classes).collect();
        let classes = self.writer.integers(&classes);
        let place = vec![("axis", Value::Int(-1)), ("keepdims", Value::Int(1))];
        let likeliest = self.writer.node("ArgMax", &[logs], place);
        let is_it = self.writer.node("Equal", &[&likeliest, &classes], vec![]);
        let to = vec![("to", Value::Int(i64::from(FLOAT)))];
        let vote = self.writer.node("Cast", &[&is_it], to);
        let [most, rest] = [1.0 - TIE, TIE].map(|share| self.writer.constant(&[share], &[]));
        let vote = self.writer.node("Mul", &[&vote, &most], vec![]);
        let prob = self.writer.node("Exp", &[logs], vec![]);
        let prob = self.writer.node("Mul", &[&prob, &rest], vec![]);
        self.writer.node("Add", &[&vote, &prob], vec![])
    }

    /// `sum_m w_m x_m`, of weights `[members][folds]`.
    fn weighted(&mut self, all: &[String], weights: &[Vec<f32>]) -> String {
        let mut sum: Option<String> = None;
        for (x, weights) in all.iter().zip(weights) {
            let weights = self.writer.constant(weights, &[1, self.folds, 1]);
            let part = self.writer.node("Mul", &[x, &weights], vec![]);
            sum = Some(match sum {
                None => part,
                Some(sum) => self.writer.node("Add", &[&sum, &part], vec![]),
            });
        }
        sum.unwrap_or_default()
    }
}
