//! The frozen part of a network: its weights, what it makes of patches, and the cache of that; and
//! embeddings that were made elsewhere.

pub(crate) mod backbone;
pub(crate) mod drawn;
pub(crate) mod embedder;
pub(crate) mod embedding_error;
pub(crate) mod embedding_file;
pub(crate) mod embedding_keys;
pub(crate) mod embedding_views;
pub(crate) mod embeddings;
pub(crate) mod frozen;
pub(crate) mod own_embeddings;
pub(crate) mod precision;
pub(crate) mod starting_point;
