//! The parameters that a layer was folded from.

/// The parameters of a convolution, by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Absent where the weights are ones.
    pub weight: Option<String>,
    pub bias: Option<String>,
    pub norm: Option<NormOrigin>,
    /// A layer scale.
    pub gamma: Option<String>,
}

/// A batch norm that was folded into a convolution.
#[derive(Clone, Debug)]
pub(crate) struct NormOrigin {
    pub weight: String,
    pub bias: String,
    pub running_mean: String,
    pub running_var: String,
    pub mean: Vec<f32>,
    pub var: Vec<f32>,
    pub eps: f64,
}

/// A small tensor with its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub name: String,
    /// None where only shapes are wanted.
    pub values: Vec<f32>,
}
