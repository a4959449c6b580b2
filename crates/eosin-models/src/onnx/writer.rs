//! Nodes and initializers of a growing ONNX graph.

use eosin_weights::StoredAs;
use half::f16;

use super::proto::{Attribute, FLOAT, FLOAT16, INT64, Node, Tensor};

/// Collects nodes; a value is named by the node that makes it.
pub struct Writer {
    pub nodes: Vec<Node>,
    pub initializers: Vec<Tensor>,
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
        let bytes = values
            .iter()
            .flat_map(|value| f16::from_f32(*value).to_le_bytes());
        let stored = self.push(bytes.collect(), FLOAT16, shape);
        self.node(
            "Cast",
            &[&stored],
            vec![("to", Value::Int(i64::from(FLOAT)))],
        )
    }

    /// Adds single-precision values.
    pub fn constant(&mut self, values: &[f32], shape: &[usize]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.push(bytes.collect(), FLOAT, shape)
    }

    /// Adds a vector of integers.
    pub fn integers(&mut self, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.push(bytes.collect(), INT64, &[values.len()])
    }

    fn push(&mut self, raw_data: Vec<u8>, data_type: i32, shape: &[usize]) -> String {
        let name = format!("constant_{}", self.initializers.len());
        self.initializers.push(Tensor {
            dims: signed(shape),
            data_type,
            name: name.clone(),
            raw_data,
        });
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
