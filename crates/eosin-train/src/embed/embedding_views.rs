//! Whether embeddings have the views that are asked for.

use std::path::Path;

use eosin_core::config::{PredictViews, Symmetries};
use eosin_core::{Config, D4};

use crate::embed::embedding_error::EmbeddingsError;

/// Refuses a configuration that asks for views which the file at `path`, with so many `views` of each
/// patch, has not.
///
/// # Errors
/// Then.
pub fn check_views(path: &Path, views: usize, config: &Config) -> Result<(), EmbeddingsError> {
    if views == D4::COUNT {
        return Ok(());
    }
    let refused = |key, symmetry| {
        Err(EmbeddingsError::Symmetry {
            key,
            symmetry,
            path: path.to_owned(),
            views,
        })
    };
    let symmetry = config.augment.symmetry;
    if symmetry != Symmetries::None {
        return refused("augment.symmetry", symmetry);
    }
    match config.predict.views {
        PredictViews::Auto => Ok(()),
        // One view is all there is; several that are no symmetries all count.
        PredictViews::None if views == 1 => Ok(()),
        _ => refused("predict.views", config.judged_symmetries()),
    }
}
