//! Embeddings taken away, and embeddings brought along.

mod array;
mod brought;
mod extremes;
mod refused;
mod taken;
