//! An ONNX file, written piece by piece: weights are read when their turn comes.

use std::io::{self, Write};

use eosin_weights::{StoredAs, pieces};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use super::proto::{Graph, Model, Tensor};
use crate::filters::Filters;

/// Field numbers of `onnx.proto`.
const MODEL_GRAPH: u32 = 7;
const GRAPH_INITIALIZER: u32 = 5;
const TENSOR_RAW_DATA: u32 = 9;

/// A constant of the graph.
pub(super) struct Initializer {
    /// All but the values.
    pub tensor: Tensor,
    pub content: Content,
}

/// The bytes of a constant.
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// So many outputs of so many weights.
    Filters {
        filters: Filters,
        outputs: usize,
        each: usize,
        stored_as: StoredAs,
    },
}

/// A network as an ONNX file that is about to be written.
pub struct OnnxFile {
    /// All but the constants.
    pub(super) model: Model,
    pub(super) initializers: Vec<Initializer>,
}

/// Bytes of a field of this length, whose number is below 16; empty ones are left out.
fn field_bytes(length: usize) -> usize {
    match length {
        0 => 0,
        _ => 1 + encoded_len_varint(length as u64) + length,
    }
}

fn begin_field(number: u32, length: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut bytes);
    encode_varint(length as u64, &mut bytes);
    out.write_all(&bytes)
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Filters {
                outputs,
                each,
                stored_as,
                ..
            } => outputs * each * stored_as.value_bytes(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => out.write_all(bytes),
            Self::Filters {
                filters,
                outputs,
                each,
                stored_as,
            } => {
                let mut bytes = Vec::new();
                for outputs in pieces(*outputs, *each) {
                    bytes.clear();
                    let values = filters.read(outputs).map_err(io::Error::other)?;
                    stored_as.append(&values, &mut bytes);
                    out.write_all(&bytes)?;
                }
                Ok(())
            }
        }
    }
}

impl Initializer {
    fn bytes(&self) -> usize {
        self.tensor.encoded_len() + field_bytes(self.content.bytes())
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        begin_field(GRAPH_INITIALIZER, self.bytes(), out)?;
        out.write_all(&self.tensor.encode_to_vec())?;
        match self.content.bytes() {
            0 => Ok(()),
            length => {
                begin_field(TENSOR_RAW_DATA, length, out)?;
                self.content.write(out)
            }
        }
    }
}

impl OnnxFile {
    fn graph_bytes(&self) -> usize {
        let own = self.model.graph.as_ref().map_or(0, Graph::encoded_len);
        let initializers = self.initializers.iter();
        own + initializers.map(|i| field_bytes(i.bytes())).sum::<usize>()
    }

    /// Length of the file.
    pub fn bytes(&self) -> usize {
        let graph = self.model.graph.as_ref().map_or(0, Graph::encoded_len);
        self.model.encoded_len() - field_bytes(graph) + field_bytes(self.graph_bytes())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When weights cannot be read, with [`WeightsError`](eosin_weights::WeightsError) as the cause,
    /// or `out` cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        // Messages put one behind the other are one message: fields come in the order of their
        // numbers, as a message written whole has them.
        let Model {
            ir_version,
            producer_name,
            producer_version,
            graph,
            opset_import,
            metadata_props,
        } = self.model.clone();
        let before = Model {
            ir_version,
            producer_name,
            producer_version,
            ..Model::default()
        };
        let behind = Model {
            opset_import,
            metadata_props,
            ..Model::default()
        };
        out.write_all(&before.encode_to_vec())?;
        begin_field(MODEL_GRAPH, self.graph_bytes(), out)?;
        self.write_graph(graph.unwrap_or_default(), out)?;
        out.write_all(&behind.encode_to_vec())
    }

    fn write_graph(&self, graph: Graph, out: &mut dyn Write) -> io::Result<()> {
        let before = Graph {
            node: graph.node,
            name: graph.name,
            ..Graph::default()
        };
        let behind = Graph {
            input: graph.input,
            output: graph.output,
            ..Graph::default()
        };
        out.write_all(&before.encode_to_vec())?;
        for initializer in &self.initializers {
            initializer.write(out)?;
        }
        out.write_all(&behind.encode_to_vec())
    }
}
