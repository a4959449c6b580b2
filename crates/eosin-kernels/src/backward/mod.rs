//! Gradients: each function takes the derivative of a loss with respect to a layer's output and
//! gives those with respect to its inputs and weights. All run on the calling thread and sum in a
//! fixed order.

mod activation;
mod attention;
mod batch_norm;
mod channels;
mod conv;
mod layer_norm;
mod pool;
mod splits;
mod winograd;

use crate::pool::add;

pub use activation::{activation_backward, needs_input};
pub use attention::{attention_backward, first_token_backward, tokens_backward};
pub use batch_norm::{batch_norm_backward, channel_moments, channel_products};
pub use channels::{concat_backward, scale_backward};
pub use conv::ConvBackward;
pub use layer_norm::layer_norm_backward;
pub use pool::{adaptive_avg_pool_backward, avg_pool_backward, max_pool_backward, mean_backward};
pub use splits::{split_attention_backward, sum_splits_backward};

/// Gradients of what a layer has learned.
#[derive(Clone, Debug, Default)]
pub struct WeightGradients {
    /// Those of its weights; a convolution's are tap-major: see
    /// [`ConvShape::out_major`](crate::ConvShape::out_major).
    pub weights: Vec<f32>,
    /// Those of its offsets.
    pub bias: Vec<f32>,
}

impl WeightGradients {
    /// Adds another part's gradients.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.weights, &other.weights);
        add(&mut self.bias, &other.bias);
    }
}

/// So many zeros in place of what `memory` holds.
fn zeros(len: usize, mut memory: Vec<f32>) -> Vec<f32> {
    if memory.capacity() < len {
        // The system has zeros at hand.
        return vec![0.0; len];
    }
    memory.clear();
    memory.resize(len, 0.0);
    memory
}
