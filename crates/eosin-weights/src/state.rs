//! The tensors of a network by name.

use std::collections::BTreeMap;

/// One tensor: its shape and its values, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct StateTensor {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<f32>,
}

/// Tensors by their timm names, such as `layer1.0.conv1.weight`.
pub type StateDict = BTreeMap<String, StateTensor>;
