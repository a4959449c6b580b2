//! The frozen part of a network: its weights, what it makes of patches, and the cache of that.

pub(crate) mod backbone;
pub(crate) mod drawn;
pub(crate) mod embedder;
pub(crate) mod embeddings;
pub(crate) mod frozen;
pub(crate) mod precision;
