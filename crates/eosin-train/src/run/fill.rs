//! The cached values that an experiment's rows enter training with.

use std::path::{Path, PathBuf};

use eosin_core::config::{CacheDtype, Precision, Symmetries};
use eosin_data::Normalisation;
use eosin_store::Recipe;
use eosin_store::cache::ImageHash;

use super::rows::Rows;
use super::{Event, Experiment};
use crate::embed::cached::{CachedRows, CachedViews, FreshViews};
use crate::embed::embedder::{EmbedCount, Embedder, Views, kernels_precision};
use crate::embed::precision::PrecisionEffect;
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::views::ViewMaker;

/// Raised when the same file begins to give other pixels.
const DECODE_VERSION: u32 = 1;
/// What computes embeddings; raised when it begins to round otherwise.
const KERNELS: &str = "eosin-kernels 2";

/// [`KERNELS`], with the precision and the processor's instructions, which round differently too.
fn kernels(precision: Precision) -> String {
    let instructions = kernels_precision(precision).instructions();
    format!("{KERNELS}, {precision}, {instructions}")
}

/// What the rows of an experiment enter training with, under one normalisation.
pub(super) struct Inputs {
    embedder: Embedder,
    maker: Option<ViewMaker>,
    /// Pool rows as they are, and under their symmetries where these are drawn from.
    pool: CachedRows,
    /// Random views of pool rows, where some are cached.
    views: Option<CachedRows>,
    /// Test rows as they are.
    pub test: CachedRows,
}

impl Inputs {
    /// Where training finds the rows of the pool.
    pub fn source<'a>(&'a self, rows: &'a Rows) -> Box<dyn InputSource + 'a> {
        let upright = &self.pool;
        match (&self.views, &self.maker) {
            (Some(views), _) => Box::new(CachedViews { views, upright }),
            (None, Some(maker)) => Box::new(FreshViews {
                embedder: &self.embedder,
                maker,
                paths: &rows.paths,
                upright,
            }),
            (None, None) => Box::new(&self.pool),
        }
    }
}

/// One entry of the cache that is wanted.
struct Part<'a> {
    files: Vec<(ImageHash, &'a Path)>,
    views: Views<'a>,
}

impl Experiment<'_> {
    fn recipe(&self, scale: &Normalisation, cut: Option<usize>, views: Views<'_>) -> Recipe {
        let data = &self.config.data;
        Recipe {
            size_px: data.size_px,
            resize: data.size_px.map(|_| data.resize),
            non_square: data.size_px.map(|_| data.non_square),
            mean_bits: Recipe::bits(scale.mean),
            std_bits: Recipe::bits(scale.std),
            stain: None,
            backbone: self.backbone.spec.name,
            weights_hash: self.backbone.weights_hash.clone(),
            cut: self.cut_name(cut),
            dtype: self.config.cache.dtype,
            symmetries: views.count(),
            views: match views {
                Views::Symmetries(_) => None,
                Views::Random(_, maker) => Some(maker.recipe().to_owned()),
            },
            decode_version: DECODE_VERSION,
            kernels: kernels(self.config.backbone.precision),
        }
    }

    /// What rows enter training with before `cut` (or behind the last stage) under each
    /// normalisation, computed where the cache lacks it.
    pub(super) fn inputs(
        &self,
        cut: Option<usize>,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<(Vec<Inputs>, EmbedCount), TrainError> {
        let augment = &self.config.augment;
        let maker = ViewMaker::new(augment, self.config.seed);
        let symmetries = match augment.symmetry {
            Symmetries::None => 1,
            // Random views have their symmetry in them.
            _ if maker.is_some() => 1,
            _ => 8,
        };
        let (pool, test) = (0..rows.pool(), rows.pool()..rows.paths.len());
        let viewed = usize::from(augment.views > 0) * pool.len();
        let mut counter = Counter {
            done: 0,
            total: (rows.paths.len() + viewed) * normalisations.len(),
            count: EmbedCount::default(),
        };
        let mut all = Vec::new();
        for scale in normalisations {
            let (network, reader) = (&self.backbone.network, self.reader());
            let precision = self.config.backbone.precision;
            let embedder = Embedder::new((network, cut), reader, scale, precision)?;
            if all.is_empty() {
                if precision != Precision::F32 {
                    let single = Embedder::new((network, cut), reader, scale, Precision::F32)?;
                    let effect =
                        PrecisionEffect::of(&embedder, &single, &rows.paths[pool.clone()])?;
                    on_event(&Event::Precision { precision, effect });
                }
                let each = (symmetries + augment.views) * pool.len() + test.len();
                on_event(&self.cost(&embedder, each * normalisations.len(), rows));
            }
            let mut part = |range: &std::ops::Range<usize>, views: Views<'_>| {
                let files = rows.hashes.iter().copied();
                let files = files.zip(rows.paths.iter().map(PathBuf::as_path));
                let files = files.skip(range.start).take(range.len()).collect();
                let recipe = self.recipe(scale, cut, views);
                let part = Part { files, views };
                self.fill(&embedder, &recipe, &part, &mut counter, on_event)
            };
            let views = match &maker {
                Some(maker) if augment.views > 0 => {
                    Some(part(&pool, Views::Random(augment.views, maker))?)
                }
                _ => None,
            };
            let (upright, test) = (
                part(&pool, Views::Symmetries(symmetries))?,
                part(&test, Views::Symmetries(1))?,
            );
            all.push(Inputs {
                maker: maker.clone(),
                pool: upright,
                views,
                test,
                embedder,
            });
        }
        on_event(&Event::Embedded {
            found: counter.count.found,
            computed: counter.count.computed,
        });
        Ok((all, counter.count))
    }

    fn cost(&self, embedder: &Embedder, cached_views: usize, rows: &Rows) -> Event {
        let value_bytes = match self.config.cache.dtype {
            CacheDtype::F32 => 4,
            CacheDtype::F16 => 2,
        };
        let augment = &self.config.augment;
        let fresh = augment.changes_pixels() && augment.views == 0;
        let trained: usize = rows.folds.iter().map(|fold| fold.train.len()).sum();
        Event::Cost {
            cached_views,
            cache_bytes: (cached_views * embedder.width() * value_bytes) as u64,
            fresh_views: usize::from(fresh) * trained * self.config.train.epochs,
            multiply_adds: embedder.multiply_adds(),
        }
    }

    fn fill(
        &self,
        embedder: &Embedder,
        recipe: &Recipe,
        part: &Part<'_>,
        counter: &mut Counter,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<CachedRows, TrainError> {
        let mut entry = self.cache.entry(recipe, embedder.width())?;
        let count = embedder.fill(&mut entry, &part.files, part.views, &mut |done, _| {
            on_event(&Event::Embedding {
                done: counter.done + done,
                total: counter.total,
            });
            self.refuse_interruption()
        })?;
        counter.done += part.files.len();
        counter.count.found += count.found;
        counter.count.computed += count.computed;
        let hashes: Vec<ImageHash> = part.files.iter().map(|(hash, _)| *hash).collect();
        CachedRows::new(entry.reader()?, &hashes, embedder.shape())
    }
}

/// How far the cache is filled.
struct Counter {
    done: usize,
    total: usize,
    count: EmbedCount,
}
