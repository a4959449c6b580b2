//! The frozen part of a network: its weights, what it makes of patches, and the cache of that.

pub(crate) mod backbone;
pub(crate) mod cached;
pub(crate) mod embedder;
pub(crate) mod precision;
