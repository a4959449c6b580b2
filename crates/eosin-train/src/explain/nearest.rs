//! The training patches that are most like a patch, as the run's network sees them.

use eosin_core::{Cut, D4, Preprocess};
use eosin_data::{PatchSource, Patches, Resize, RgbPatch};
use eosin_store::cache::{ViewKey, round_as_stored};
use eosin_store::{Entry, Reader};

use crate::embed::embedder::Embedder;
use crate::error::TrainError;
use crate::input::reader::{PatchReader, decode_limits};
use crate::input::views::symmetric;
use crate::run::Run;

/// A training patch and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearPatch {
    /// Its place in the manifest.
    pub place: usize,
    /// One less the cosine between both embeddings, 0 to 2.
    pub distance: f64,
}

/// The mean embedding of every training patch of a run, from its cache.
pub struct NearestPatches<'a> {
    patches: &'a Patches,
    /// Training patches, in order.
    places: Vec<usize>,
    /// The mean embedding of each, of length 1, `[patches, width]`.
    directions: Vec<f32>,
    /// Views that the cache holds of each.
    views: usize,
    embedder: Embedder,
    reader: PatchReader,
    dtype: eosin_core::config::CacheDtype,
}

impl<'a> NearestPatches<'a> {
    /// Reads the cached embeddings of a run's training patches; `preprocess` is what its `run.json` says of them.
    ///
    /// # Errors
    /// When the run keeps no embeddings, or the cache lacks those of some patches, or cannot be read.
    pub fn of(run: &Run<'a>, preprocess: &[Preprocess]) -> Result<Self, TrainError> {
        run.start.network()?;
        let [preprocess] = preprocess else {
            return Err(TrainError::NoNearest(
                "backbone.normalise fold gives each patch an embedding a fold".to_owned(),
            ));
        };
        if run.start.cut(&run.config.train)? != Cut::Embedding {
            return Err(TrainError::NoNearest(format!(
                "train.mode {} keeps maps of a stage or nothing, and no embeddings; 'probe' and 'head' keep them",
                run.config.train.mode
            )));
        }
        let embedder = run.embedder(Cut::Embedding, preprocess, run.config.backbone.precision)?;
        let dtype = run.config.cache.dtype;
        let recipe = embedder.recipe(dtype, None);
        let entry = run.cache.entry(&recipe, embedder.width())?;
        let places = run.patches.manifest().training_pool();
        let views = stored_views(&entry, run.patches, &places);
        let lacking = |place: &&usize| !has_views(&entry, run.patches, **place, views.max(1));
        let lacking = places.iter().filter(lacking).count();
        if lacking > 0 {
            return Err(TrainError::NotCached {
                cache: run.cache.dir().to_owned(),
                lacking,
                all: places.len(),
            });
        }
        let reader = entry.reader()?;
        let mut directions = Vec::with_capacity(places.len() * embedder.width());
        for place in &places {
            let mean = stored_mean(&reader, run.patches.hash(*place), views)?;
            directions.extend(direction(mean));
        }
        Ok(Self {
            patches: run.patches,
            places,
            directions,
            views,
            reader: PatchReader::new(preprocess, decode_limits(run.config.data.max_side_px))?,
            embedder,
            dtype,
        })
    }

    /// The same, which brings images of another size to the run's.
    #[must_use]
    pub const fn resizing(mut self, how: Option<Resize>) -> Self {
        if how.is_some() {
            self.reader.resize = how;
        }
        self
    }

    /// Training patches that there are.
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The `count` training patches nearest to an image, the nearest first; of equally near ones the first in the
    /// manifest. Patches that are the same file are left out: they say nothing of others.
    ///
    /// # Errors
    /// When the image cannot be used, or has values that the run's cache could not have kept.
    pub fn nearest(
        &self,
        source: &PatchSource,
        count: usize,
    ) -> Result<Vec<NearPatch>, TrainError> {
        let bytes = source.read()?;
        let name = source.to_string();
        let own = *blake3::hash(&bytes).as_bytes();
        let patch = self.reader.decode(&name, &bytes)?;
        let wanted = direction(self.mean(&patch, &name)?);
        let width = self.embedder.width();
        let rows = self.places.iter().zip(self.directions.chunks_exact(width));
        let others = rows.filter(|(place, _)| *self.patches.hash(**place) != own);
        let mut near: Vec<NearPatch> = others
            .map(|(place, row)| NearPatch {
                place: *place,
                distance: 1.0 - cosine(&wanted, row),
            })
            .collect();
        near.sort_by(|a, b| {
            a.distance
                .total_cmp(&b.distance)
                .then(a.place.cmp(&b.place))
        });
        near.truncate(count);
        Ok(near)
    }

    /// The mean over the views that the cache holds of training patches.
    fn mean(&self, patch: &RgbPatch, name: &str) -> Result<Vec<f32>, TrainError> {
        let views: Vec<RgbPatch> = (0..self.views)
            .map(|view| RgbPatch {
                pixels: symmetric(patch, D4::from_index(view)),
                ..*patch
            })
            .collect();
        let mut mean = vec![0.0; self.embedder.width()];
        for mut values in self.embedder.embed(&views) {
            round_as_stored(self.dtype, &mut values).map_err(|value| TrainError::NotKept {
                name: name.to_owned(),
                value,
                dtype: self.dtype,
            })?;
            add(&mut mean, &values, self.views);
        }
        Ok(mean)
    }
}

/// Views that the cache holds of every patch: all symmetries, else the patch as it is; 0 where some lacks it.
fn stored_views(entry: &Entry, patches: &Patches, places: &[usize]) -> usize {
    let all = |views: usize| {
        let mut places = places.iter();
        places.all(|place| has_views(entry, patches, *place, views))
    };
    [D4::COUNT, 1]
        .into_iter()
        .find(|views| all(*views))
        .unwrap_or(0)
}

fn has_views(entry: &Entry, patches: &Patches, place: usize, views: usize) -> bool {
    let image = *patches.hash(place);
    (0_u32..)
        .take(views)
        .all(|view| entry.contains(&ViewKey { image, view }))
}

fn stored_mean(reader: &Reader, image: &[u8; 32], views: usize) -> Result<Vec<f32>, TrainError> {
    let mut mean = vec![0.0; reader.width()];
    let mut values = vec![0.0; reader.width()];
    for view in (0_u32..).take(views) {
        let key = ViewKey {
            image: *image,
            view,
        };
        let slot = reader.slot(&key).ok_or(TrainError::CacheChanged)?;
        reader.copy_into(slot, &mut values);
        add(&mut mean, &values, views);
    }
    Ok(mean)
}

fn add(mean: &mut [f32], values: &[f32], of: usize) {
    for (mean, value) in mean.iter_mut().zip(values) {
        *mean += value / of as f32;
    }
}

/// The same of length 1; one that is all zeros stays so, and is at right angles to all.
#[expect(clippy::cast_possible_truncation, reason = "a length of 1")]
fn direction(mut values: Vec<f32>) -> Vec<f32> {
    let squares = values.iter().map(|value| f64::from(*value).powi(2));
    let length = squares.sum::<f64>().sqrt();
    if length > 0.0 {
        for value in &mut values {
            *value = (f64::from(*value) / length) as f32;
        }
    }
    values
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b);
    products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_have_length_one_and_nothing_stays_nothing() {
        let unit = direction(vec![3.0, 4.0]);
        assert!((cosine(&unit, &unit) - 1.0).abs() < 1e-6);
        assert!((cosine(&unit, &direction(vec![-8.0, 6.0]))).abs() < 1e-6);
        assert_eq!(direction(vec![0.0; 2]), vec![0.0; 2]);
    }
}
