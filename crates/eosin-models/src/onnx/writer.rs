//! Nodes and initializers of a growing ONNX graph.

use eosin_weights::StoredAs;

use super::file::{Content, Initializer};
use super::proto::{Attribute, FLOAT, FLOAT16, INT64, Node, Tensor};
use crate::filters::Filters;

/// Collects nodes; a value is named by the node that makes it.
pub struct Writer {
    pub nodes: Vec<Node>,
    pub initializers: Vec<Initializer>,
    stored_as: StoredAs,
}

/// An attribute's value.
pub enum Value {
    Float(f32),
    Int(i64),
    Ints(Vec<i64>),
}

fn attribute(name: &str, value: Value) -> Attribute {
    let base = Attribute {
        name: name.to_owned(),
        ..Attribute::default()
    };
    match value {
        Value::Float(f) => Attribute { f, kind: 1, ..base },
        Value::Int(i) => Attribute { i, kind: 2, ..base },
        Value::Ints(ints) => Attribute {
            ints,
            kind: 7,
            ..base
        },
    }
}

/// Lengths and indices as ONNX has them.
pub fn signed(lengths: &[usize]) -> Vec<i64> {
    let one = |length: &usize| i64::try_from(*length).expect("a length fits 63 bits");
    lengths.iter().map(one).collect()
}

impl Writer {
    pub fn new(stored_as: StoredAs) -> Self {
        Self {
            nodes: Vec::new(),
            initializers: Vec::new(),
            stored_as,
        }
    }

    /// Adds a node of one output and returns the output's name.
    pub fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<(&str, Value)>) -> String {
        let [output] = self.nodes(op, inputs, attributes);
        output
    }

    /// Adds a node of `N` outputs and returns their names.
    pub fn nodes<const N: usize>(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<(&str, Value)>,
    ) -> [String; N] {
        let name = format!("{op}_{}", self.nodes.len());
        let outputs: [String; N] = std::array::from_fn(|at| {
            if N == 1 {
                name.clone()
            } else {
                format!("{name}.{at}")
            }
        });
        self.nodes.push(Node {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: outputs.to_vec(),
            name,
            op_type: op.to_owned(),
            attribute: attributes
                .into_iter()
                .map(|(name, value)| attribute(name, value))
                .collect(),
        });
        outputs
    }

    /// Adds weights, stored as asked, and returns the name of their `f32` value.
    pub fn weights(&mut self, values: &[f32], shape: &[usize]) -> String {
        if self.stored_as == StoredAs::F32 {
            return self.constant(values, shape);
        }
        let mut bytes = Vec::new();
        StoredAs::F16.append(values, &mut bytes);
        let stored = self.push(Content::Bytes(bytes), FLOAT16, shape);
        self.cast(&stored)
    }

    /// As [`weights`](Self::weights), of filters, which are read when the file is written.
    pub fn filters(&mut self, filters: &Filters, shape: &[usize]) -> String {
        let (stored_as, data_type) = match self.stored_as {
            StoredAs::F32 => (StoredAs::F32, FLOAT),
            StoredAs::F16 | StoredAs::Bf16 => (StoredAs::F16, FLOAT16),
        };
        let content = Content::Filters {
            filters: filters.clone(),
            outputs: shape[0],
            each: shape[1..].iter().product(),
            stored_as,
        };
        let stored = self.push(content, data_type, shape);
        match data_type {
            FLOAT => stored,
            _ => self.cast(&stored),
        }
    }

    fn cast(&mut self, stored: &str) -> String {
        let to = vec![("to", Value::Int(i64::from(FLOAT)))];
        self.node("Cast", &[stored], to)
    }

    /// Adds single-precision values.
    pub fn constant(&mut self, values: &[f32], shape: &[usize]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.push(Content::Bytes(bytes.collect()), FLOAT, shape)
    }

    /// Adds a vector of integers.
    pub fn integers(&mut self, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.push(Content::Bytes(bytes.collect()), INT64, &[values.len()])
    }

    fn push(&mut self, content: Content, data_type: i32, shape: &[usize]) -> String {
        let name = format!("constant_{}", self.initializers.len());
        let tensor = Tensor {
            dims: signed(shape),
            data_type,
            name: name.clone(),
        };
        self.initializers.push(Initializer { tensor, content });
        name
    }

    /// `x` in another shape; 0 keeps the batch.
    pub fn reshape(&mut self, x: &str, shape: &[usize]) -> String {
        let shape = self.integers(&signed(shape));
        self.node("Reshape", &[x, &shape], vec![])
    }

    /// `x` with its axes in another order.
    pub fn transpose(&mut self, x: &str, order: [i64; 4]) -> String {
        self.node(
            "Transpose",
            &[x],
            vec![("perm", Value::Ints(order.to_vec()))],
        )
    }

    /// `x` with zeros before and behind on each axis.
    pub fn pad(&mut self, x: &str, before: [usize; 4], behind: [usize; 4]) -> String {
        let widths = self.integers(&signed(&[before, behind].concat()));
        self.node("Pad", &[x, &widths], vec![])
    }
}
