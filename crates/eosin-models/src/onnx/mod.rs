//! A network as an ONNX file (operator set 17), with batch norms folded into the convolutions.
//!
//! The graph takes `[batch, 3, side, side]` with any batch size and gives `logits` and `probs`, each
//! `[batch, classes]`, of the image or of the mean logits over its views. Weights stored in half precision are cast to single precision on loading:
//! the file is half as large, the arithmetic is the same.

mod ensemble;
mod file;
mod lower;
mod orbit;
mod proto;
mod writer;

use std::collections::BTreeMap;

use eosin_core::D4;
use eosin_weights::{StoredAs, WeightsError};

pub use self::ensemble::{
    OnnxBranch, OnnxEnd, OnnxEnsemble, OnnxEnsembleOptions, OnnxHead, OnnxJoin, OnnxRule,
    ensemble_to_onnx,
};
pub use self::file::OnnxFile;
use self::lower::lower_all;
use self::orbit::{mean_of_views, views_of};
use self::proto::{
    Dimension, Entry, FLOAT, Graph, Length, Model, OperatorSet, Shape, TensorType, Type, ValueInfo,
};
use self::writer::{Value, Writer};
use crate::stored_network::StoredNetwork;

/// Version of the standard operators.
const OPSET: i64 = 17;
/// Version of the file format.
const IR_VERSION: i64 = 8;

/// What the graph is fed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OnnxInput {
    /// Values scaled by the caller, as in training.
    Scaled,
    /// Red, green and blue from 0 to 255; the graph scales them with the mean and standard
    /// deviation of 0..1 values.
    Pixels {
        /// Mean of each channel.
        mean: [f32; 3],
        /// Standard deviation of each channel.
        std: [f32; 3],
    },
}

impl OnnxInput {
    /// What the graph calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Scaled => "image",
            Self::Pixels { .. } => "pixels",
        }
    }
}

/// What a file is to be.
#[derive(Clone, Copy, Debug)]
pub struct OnnxOptions<'a> {
    /// Side of the images in pixels.
    pub size_px: usize,
    /// What the graph is fed.
    pub input: OnnxInput,
    /// The views of an image whose mean logits the graph gives; one, the identity: it alone.
    pub views: &'a [D4],
    /// How weights are stored.
    pub stored_as: StoredAs,
}

/// An ONNX file that computes `network`'s logits and probabilities; `notes` become its metadata.
/// Convolutions' weights are read when it is written.
///
/// # Errors
/// When weights cannot be read.
///
/// # Panics
/// Never: lengths fit 63 bits.
pub fn to_onnx(
    network: &StoredNetwork,
    options: &OnnxOptions<'_>,
    notes: &BTreeMap<String, String>,
) -> Result<OnnxFile, WeightsError> {
    let OnnxOptions {
        size_px: size,
        input,
        views,
        stored_as,
    } = *options;
    let recording = network.record_logits(size)?;
    let [_, _, classes] = recording.output_shape();
    let mut writer = Writer::new(stored_as);
    let scaled = scale(&mut writer, input.name(), input);
    let seen = views_of(&mut writer, &scaled, size, views);
    let out = lower_all(&mut writer, &recording, &seen);
    let out = mean_of_views(&mut writer, &out, views.len(), classes);
    let file = FileFacts {
        input,
        size_px: size,
        classes,
    };
    Ok(finish(writer, &out, &file, notes))
}

/// What a file says of its input and outputs.
struct FileFacts {
    input: OnnxInput,
    size_px: usize,
    classes: usize,
}

/// The file of all that was written, whose value `out` are the logits.
fn finish(
    mut writer: Writer,
    out: &str,
    facts: &FileFacts,
    notes: &BTreeMap<String, String>,
) -> OnnxFile {
    let FileFacts {
        input,
        size_px,
        classes,
    } = *facts;
    name_outputs(&mut writer, out, classes);
    let side = Length::Fixed(i64::try_from(size_px).expect("a side in pixels is small"));
    let outputs = ["logits", "probs"].map(|name| {
        let classes = i64::try_from(classes).expect("classes are few");
        value(name, vec![Length::Fixed(classes)])
    });
    let graph = Graph {
        name: "eosin".to_owned(),
        input: vec![value(
            input.name(),
            vec![Length::Fixed(3), side.clone(), side],
        )],
        output: outputs.to_vec(),
        node: writer.nodes,
    };
    let entry = |(key, value): (&String, &String)| Entry {
        key: key.clone(),
        value: value.clone(),
    };
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "eosin".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPSET,
        }],
        metadata_props: notes.iter().map(entry).collect(),
    };
    OnnxFile {
        model,
        initializers: writer.initializers,
    }
}

fn scale(writer: &mut Writer, input: &str, how: OnnxInput) -> String {
    let OnnxInput::Pixels { mean, std } = how else {
        return input.to_owned();
    };
    let factor = std.map(|std| 1.0 / (255.0 * std));
    let offset: Vec<f32> = mean
        .iter()
        .zip(std)
        .map(|(mean, std)| -mean / std)
        .collect();
    let factor = writer.constant(&factor, &[1, 3, 1, 1]);
    let offset = writer.constant(&offset, &[1, 3, 1, 1]);
    let scaled = writer.node("Mul", &[input, &factor], vec![]);
    writer.node("Add", &[&scaled, &offset], vec![])
}

/// `[batch, classes, 1, 1]` as `logits` and their softmax as `probs`.
fn name_outputs(writer: &mut Writer, out: &str, classes: usize) {
    writer.reshape(out, &[0, classes]);
    writer.node("Softmax", &["logits"], vec![("axis", Value::Int(-1))]);
    for (node, name) in writer.nodes.iter_mut().rev().zip(["probs", "logits"]) {
        node.output = vec![name.to_owned()];
    }
}

/// A value of single precision, its first axis the batch.
fn value(name: &str, rest: Vec<Length>) -> ValueInfo {
    let batch = Length::Named("batch".to_owned());
    let dim = std::iter::once(batch).chain(rest).map(|length| Dimension {
        length: Some(length),
    });
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type {
            tensor_type: Some(TensorType {
                elem_type: FLOAT,
                shape: Some(Shape { dim: dim.collect() }),
            }),
        }),
    }
}
