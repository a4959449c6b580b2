//! Embeddings of patches, by key: from the cache, computed where it lacks them.
//!
//! A frozen network in evaluation mode is a fixed function, so each patch has one embedding a view
//! (and one map before each stage). Whoever wants some asks here: training, judging, audits,
//! neighbours. Only what the cache lacks is computed: patches are decoded, resized, turned and run
//! on all threads at once, and written batch by batch, so an interruption loses one batch.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use eosin_core::D4;
use eosin_core::config::CacheDtype;
use eosin_data::{DecodeLimits, Patches, RgbPatch};
use eosin_models::Workspace;
use eosin_store::cache::{ImageHash, ViewKey};
use eosin_store::{Cache, Entry, Reader};
use rayon::prelude::*;

use crate::embed::embedder::Embedder;
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::input::reader::{PatchReader, RowReader};
use crate::input::views::{ViewMaker, symmetric};

/// Patches whose embeddings are computed before the first write; the number then follows
/// [`WRITE_EVERY`].
const FIRST_BATCH: usize = 16;
/// About the work that an interruption may lose.
const WRITE_EVERY: Duration = Duration::from_secs(2);

/// Which views of a patch are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Views<'a> {
    /// The patch as it is.
    Upright,
    /// The eight symmetries of the square, in the order of [`D4::ALL`].
    Symmetries,
    /// So many random ones.
    Random(usize, &'a ViewMaker),
}

impl<'a> Views<'a> {
    /// How many.
    pub const fn count(&self) -> usize {
        match self {
            Self::Upright => 1,
            Self::Symmetries => D4::COUNT,
            Self::Random(count, _) => *count,
        }
    }

    /// What draws them, where they are random.
    pub const fn maker(&self) -> Option<&'a ViewMaker> {
        match self {
            Self::Upright | Self::Symmetries => None,
            Self::Random(_, maker) => Some(maker),
        }
    }

    /// View `index` of `patch`, whose file has this `hash`.
    fn make(&self, patch: &RgbPatch, hash: &ImageHash, index: usize) -> Vec<u8> {
        match self.maker() {
            None => symmetric(patch, D4::from_index(index)),
            Some(maker) => maker.cached(patch, hash, index),
        }
    }
}

/// How many patches had their embeddings in the cache already and how many were computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbedCount {
    /// Found in the cache.
    pub found: usize,
    /// Computed now, some view at least.
    pub computed: usize,
}

/// Hears of patches done, those found included, and says whether to stop.
pub type EmbedProgress<'a> = dyn FnMut(usize) -> Result<(), TrainError> + 'a;

/// Where embeddings come from.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingService<'a> {
    /// Where they are kept.
    pub cache: &'a Cache,
    /// How they are kept.
    pub dtype: CacheDtype,
    /// What computes them.
    pub embedder: &'a Embedder,
    /// What is too large or too small to decode.
    pub limits: DecodeLimits,
}

/// Embeddings of some patches, row by row, read from the cache's memory map.
#[derive(Debug)]
pub struct Embeddings {
    reader: Reader,
    keys: Vec<String>,
    /// Where each view of each row is, `[rows, views]`.
    slots: Vec<usize>,
    views: usize,
    shape: [usize; 3],
}

impl EmbeddingService<'_> {
    /// The embeddings of the patches at `places` under each of `views`, computed where the cache
    /// lacks them.
    ///
    /// # Errors
    /// When a patch cannot be used, the cache not written, or the work is stopped; what was
    /// written stays.
    pub fn of(
        &self,
        patches: &Patches,
        places: &[usize],
        views: Views<'_>,
        progress: &mut EmbedProgress<'_>,
    ) -> Result<(Embeddings, EmbedCount), TrainError> {
        let mut entry = self.open(views.maker())?;
        self.within(&mut entry, patches, places, views, progress)
    }

    /// The cache entry that holds symmetries, or with a `maker` its random views. Opening it checks
    /// every record, so who asks for several sets of patches opens it once.
    pub(crate) fn open(&self, maker: Option<&ViewMaker>) -> Result<Entry, TrainError> {
        let recipe = self.embedder.recipe(self.dtype, maker);
        Ok(self.cache.entry(&recipe, self.embedder.width())?)
    }

    /// As [`of`](Self::of), in an entry that was opened for these views.
    pub(crate) fn within(
        &self,
        entry: &mut Entry,
        patches: &Patches,
        places: &[usize],
        views: Views<'_>,
        progress: &mut EmbedProgress<'_>,
    ) -> Result<(Embeddings, EmbedCount), TrainError> {
        let rows = RowReader {
            patches,
            places,
            reader: PatchReader::new(self.embedder.preprocess(), self.limits)?,
        };
        let count = self.fill(entry, &rows, views, progress)?;
        let reader = entry.reader()?;
        let slots: Option<Vec<usize>> = places
            .iter()
            .flat_map(|place| keys(patches.hash(*place), views.count()))
            .map(|key| reader.slot(&key))
            .collect();
        let of_key = |place: &usize| patches.manifest().patches[*place].key.clone();
        let embeddings = Embeddings {
            reader,
            keys: places.iter().map(of_key).collect(),
            slots: slots.ok_or(TrainError::CacheChanged)?,
            views: views.count(),
            shape: self.embedder.frozen().shape(),
        };
        Ok((embeddings, count))
    }

    /// Sees to it that `entry` holds every view of every row.
    fn fill(
        &self,
        entry: &mut Entry,
        rows: &RowReader<'_>,
        views: Views<'_>,
        progress: &mut EmbedProgress<'_>,
    ) -> Result<EmbedCount, TrainError> {
        let missing = missing(entry, rows, views.count());
        let found = rows.places.len() - missing.len();
        progress(found)?;
        let (mut done, mut size) = (0, FIRST_BATCH);
        while done < missing.len() {
            let begun = Instant::now();
            let batch = &missing[done..missing.len().min(done + size)];
            entry.append(&self.compute(rows, batch, views)?)?;
            done += batch.len();
            progress(found + done)?;
            size = if begun.elapsed() < WRITE_EVERY / 2 {
                size * 2
            } else if begun.elapsed() > WRITE_EVERY {
                (size / 2).max(FIRST_BATCH / 2)
            } else {
                size
            };
        }
        Ok(EmbedCount {
            found,
            computed: missing.len(),
        })
    }

    /// The values of the missing views of some rows.
    fn compute(
        &self,
        rows: &RowReader<'_>,
        batch: &[Missing],
        views: Views<'_>,
    ) -> Result<Vec<(ViewKey, Vec<f32>)>, TrainError> {
        // With one view a patch, several patches share a run of the network.
        let together = (self.embedder.frozen().together() / views.count()).max(1);
        let several = |workspace: &mut Workspace, batch: &[Missing]| {
            let (mut wanted, mut pixels) = (Vec::new(), Vec::new());
            for missing in batch {
                let patch = rows.read(missing.row)?;
                for key in &missing.views {
                    pixels.push(views.make(&patch, &key.image, key.view as usize));
                    wanted.push(*key);
                }
            }
            let values = self.embedder.run(&pixels, workspace);
            let each = values.chunks_exact(self.embedder.width());
            Ok(wanted
                .into_iter()
                .zip(each.map(<[f32]>::to_vec))
                .collect::<Vec<_>>())
        };
        let groups: Result<Vec<Vec<_>>, TrainError> = batch
            .par_chunks(together)
            .map_init(Workspace::default, several)
            .collect();
        Ok(groups?.into_iter().flatten().collect())
    }
}

/// A row and those of its views that the cache lacks.
struct Missing {
    row: usize,
    views: Vec<ViewKey>,
}

fn keys(image: &ImageHash, views: usize) -> impl Iterator<Item = ViewKey> {
    let image = *image;
    (0..views).map(move |view| ViewKey {
        image,
        view: u32::try_from(view).expect("few views"),
    })
}

/// What `entry` lacks, each picture once.
fn missing(entry: &Entry, rows: &RowReader<'_>, views: usize) -> Vec<Missing> {
    let mut queued = BTreeSet::new();
    let lacks = |(row, place): (usize, &usize)| {
        let hash = rows.patches.hash(*place);
        let views: Vec<ViewKey> = keys(hash, views)
            .filter(|key| !entry.contains(key))
            .collect();
        (!views.is_empty() && queued.insert(*hash)).then_some(Missing { row, views })
    };
    rows.places.iter().enumerate().filter_map(lacks).collect()
}

impl Embeddings {
    /// Number of patches.
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no patch.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Views of each patch.
    pub const fn views(&self) -> usize {
        self.views
    }

    /// The patches' keys, row by row.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Writes the values of a view of a row into `out`.
    ///
    /// # Panics
    /// When there is no such row or view, or `out` has not the [`width`](InputSource::width).
    pub fn copy_view(&self, row: usize, view: usize, out: &mut [f32]) {
        assert!(view < self.views, "view {view} of {}", self.views);
        let slot = self.slots[row * self.views + view];
        self.reader.copy_into(slot, out);
    }
}

impl InputSource for Embeddings {
    fn width(&self) -> usize {
        self.reader.width()
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        Some(self.shape)
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            self.copy_view(draw.row, draw.symmetry.index(), out);
        }
        Ok(())
    }
}
