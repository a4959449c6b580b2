//! Kernels for networks on a CPU, forward and [`backward`]: convolution, pooling, gating, normalisation, attention.
//!
//! Feature maps are channels-last (`[n, height, width, channels]`, `f32`), because then a 1x1
//! convolution is one matrix product, a depthwise convolution runs along contiguous channels, and
//! bias, residual and activation are applied while the output is still in the cache. Weights are
//! packed once ([`Conv::new`]) for the way that suits the window: Winograd, depthwise, or rows of a
//! matrix product. The instruction set (AVX-512, AVX2 or portable) is chosen at run time; on one
//! machine the same input gives the same bits whatever the number of threads and of images, since
//! a call never splits a sum.
//!
//! ```
//! use eosin_kernels::{Activation, Conv, ConvShape, Padding};
//!
//! // Twice the middle of each window, plus one, not below zero.
//! let shape = ConvShape {
//!     cin: 1,
//!     cout: 1,
//!     kernel: [3, 3],
//!     stride: 1,
//!     dilation: 1,
//!     padding: Padding::same(1),
//!     groups: 1,
//! };
//! let weights = [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0];
//! let conv = Conv::new(shape, &weights, &[1.0], Activation::Relu);
//! let mut out = [0.0; 4];
//! conv.run((1, 2, 2), &[1.0, 0.5, -2.0, 0.0], None, &mut out, &mut Vec::new());
//! for (got, expected) in out.iter().zip([3.0, 2.0, 0.0, 1.0]) {
//!     assert!((got - expected).abs() < 1e-5);
//! }
//! ```

mod activation;
mod attention;
pub mod backward;
mod channels;
mod conv;
mod depthwise;
mod dispatch;
mod im2col;
mod instructions;
mod matmul;
mod microkernel;
mod mirrors;
#[cfg(test)]
#[path = "../tests/noise/mod.rs"]
mod noise;
mod packed;
mod pool;
mod precision;
mod reduced;
mod shape;
mod smooth;
mod tokens;
mod widest;
mod windows;
mod winograd;

pub use activation::Activation;
pub use attention::attention;
pub use channels::{add_to_first, concat, layer_norm, scale, split_attention, sum_splits};
pub use conv::Conv;
pub use matmul::{Matrix, matmul, matmul_add};
pub use mirrors::{MIRROR_LANES, Mirrored, raise_under_mirrors};
pub use pool::{Padded, Pool, adaptive_avg_pool, add, avg_pool, global_avg_pool, max_pool};
pub use precision::Precision;
pub use shape::{ConvShape, Padding};
pub use tokens::{first_token, tokens};
pub use widest::{Loops, on_widest};
