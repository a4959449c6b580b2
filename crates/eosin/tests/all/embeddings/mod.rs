//! Embeddings taken away, and embeddings brought along.

mod array;
mod brought;
mod refused;
mod taken;
