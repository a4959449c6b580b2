//! Convolution kernels for frozen networks on a CPU.
//!
//! Feature maps are channels-last (`[n, height, width, channels]`, `f32`), because then a 1x1
//! convolution is one matrix product, a depthwise convolution runs along contiguous channels, and
//! bias, residual and activation are applied while the output is still in the cache. Weights are
//! packed once ([`Conv::new`]) and used for every image. The instruction set (AVX-512, AVX2 or
//! portable) is chosen at run time; on one machine the same input gives the same bits whatever
//! the number of threads, since a call never splits a sum.

mod activation;
mod conv;
mod depthwise;
mod dispatch;
mod im2col;
mod matmul;
mod pool;

pub use activation::Activation;
pub use conv::{Conv, ConvShape, Padding};
pub use matmul::matmul;
pub use pool::{Pool, avg_pool, global_avg_pool, max_pool};
