//! Gradients: each function takes the derivative of a loss with respect to a layer's output and
//! gives those with respect to its inputs and weights. All run on the calling thread and sum in a
//! fixed order.

mod activation;
mod batch_norm;
mod channels;
mod conv;
mod pool;
mod winograd;

pub use activation::{activation_backward, needs_input};
pub use batch_norm::{batch_norm_backward, channel_moments, channel_products};
pub use channels::{concat_backward, scale_backward};
pub use conv::{ConvBackward, ConvGradients};
pub use pool::{adaptive_avg_pool_backward, avg_pool_backward, max_pool_backward, mean_backward};

/// So many zeros in place of what `memory` holds.
fn zeros(len: usize, mut memory: Vec<f32>) -> Vec<f32> {
    memory.clear();
    memory.resize(len, 0.0);
    memory
}
