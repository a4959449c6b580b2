//! The mean embedding of every patch, computed where the cache lacks it.

use anyhow::Result;
use eosin_audit::Directions;
use eosin_core::Cut;
use eosin_core::config::{NormaliseMode, Precision, StainMethod, Symmetries};
use eosin_train::{EmbeddedPatches, Run};
use eosin_weights::LazyTensor as _;
use rayon::prelude::*;

use crate::event::{QuietTraining, WatchRun, WatchTraining};
use crate::job::Job;

/// Patches whose embeddings are read together.
const TOGETHER: usize = 64;

/// The embeddings of all patches as directions; `None`, with a note, where the configuration names some
/// that were made elsewhere.
pub(super) fn directions(
    job: &Job,
    notes: &mut Vec<String>,
    watch: &dyn WatchRun,
) -> Result<Option<Directions>> {
    if let Some(file) = &job.config.backbone.embeddings {
        notes.push(format!(
            "the embeddings in {} are not looked at: copies are looked for by pixels alone, so that \
             patches that overlap a little may be missed; name a '--backbone' instead",
            file.display()
        ));
        return Ok(None);
    }
    let folds = job.folds_of_embeddings(watch)?;
    let cache = job.cache()?;
    let start = job.start(watch)?;
    let run = job.run(&folds, &start, &cache, None);
    of(&run.embedded(&WatchTraining { watch })?)
}

/// The same of a run that has been trained, as far as its cache holds the embeddings of all patches;
/// `None` where some would have to be computed.
pub(super) fn cached_directions(run: &Run<'_>, watch: &dyn WatchRun) -> Result<Option<Directions>> {
    if !has_all(run)? {
        return Ok(None);
    }
    of(&run.embedded(&QuietTraining { watch })?)
}

/// Whether a run has asked for one embedding, under the same views, of every patch.
fn has_all(run: &Run<'_>) -> Result<bool> {
    let config = run.config;
    let backbone = &config.backbone;
    let same_views = (config.augment.symmetry == Symmetries::None)
        == (config.judged_symmetries() == Symmetries::None);
    // Statistics of the patches, stains and the effect of fewer bits would be looked for once more.
    let is_plain = !matches!(
        backbone.normalise,
        NormaliseMode::Fold | NormaliseMode::Dataset
    ) && backbone.precision == Precision::F32
        && config.data.stain == StainMethod::None;
    let is_one = config.augment.sizes_px.is_empty() && !config.augment.changes_pixels();
    Ok(run.start.network().is_ok()
        && run.start.cut(&config.train)? == Cut::Embedding
        && same_views
        && is_plain
        && is_one)
}

fn of(embedded: &EmbeddedPatches) -> Result<Option<Directions>> {
    let [_, _, width] = *embedded.shape() else {
        return Ok(None);
    };
    Ok(Some(Directions::new(means(embedded)?, width)))
}

/// The mean over all views of each patch, `[patches, width]`.
fn means(embedded: &EmbeddedPatches) -> Result<Vec<f32>> {
    let [patches, views, width] = *embedded.shape() else {
        return Ok(Vec::new());
    };
    let mut means = vec![0.0_f32; patches * width];
    means
        .par_chunks_mut(TOGETHER * width)
        .enumerate()
        .try_for_each(|(chunk, out)| {
            let first = chunk * TOGETHER;
            let values = embedded.read(first..first + out.len() / width)?;
            for (row, view) in values.chunks_exact(width).enumerate() {
                let mean = &mut out[row / views * width..][..width];
                for (sum, value) in mean.iter_mut().zip(view) {
                    *sum += value / views as f32;
                }
            }
            Ok::<(), eosin_weights::WeightsError>(())
        })?;
    Ok(means)
}
