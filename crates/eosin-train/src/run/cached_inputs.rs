//! The cached values that a run's rows enter training with.

use eosin_core::config::{NormaliseMode, Precision, Symmetries};
use eosin_core::{Cut, Preprocess};
use eosin_data::DecodeLimits;
use eosin_store::Entry;

use super::Run;
use super::afford::{Kept, secs_per_view};
use super::rows::Rows;
use crate::embed::drawn::{CachedRows, CachedViews, FreshViews};
use crate::embed::embedder::Embedder;
use crate::embed::embeddings::{EmbedCount, EmbeddingService, Embeddings, Views};
use crate::embed::frozen::{FrozenGraph, RunAt};
use crate::embed::precision::PrecisionEffect;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource;
use crate::input::reader::{PatchReader, RowReader, decode_limits};
use crate::input::stain_fit::stain_of_preprocess;
use crate::input::views::ViewMaker;
use crate::train::session::Session;

/// What the rows of a run enter training with, under one preprocessing.
pub(super) struct CachedInputs<'a> {
    embedder: Embedder,
    maker: Option<ViewMaker>,
    rows: RowReader<'a>,
    /// Pool rows as they are, and under their symmetries where these are drawn from.
    pool: Embeddings,
    /// Random views of pool rows, where some are cached.
    views: Option<Embeddings>,
    /// Test rows as they are, and under their symmetries where these are judged.
    pub test: Embeddings,
}

impl CachedInputs<'_> {
    /// Every view of the rows of the pool that training draws from: random ones, else those of
    /// `symmetries`, by number.
    pub fn all_views(&self, symmetries: Vec<usize>) -> CachedRows<'_> {
        match &self.views {
            Some(views) => CachedRows {
                embeddings: views,
                views: (0..views.views()).collect(),
            },
            None => CachedRows {
                embeddings: &self.pool,
                views: symmetries,
            },
        }
    }

    /// Where training finds the rows of the pool.
    pub fn source(&self) -> Box<dyn InputSource + '_> {
        let upright = &self.pool;
        match (&self.views, &self.maker) {
            (Some(views), _) => Box::new(CachedViews { views, upright }),
            (None, Some(maker)) => Box::new(FreshViews {
                embedder: &self.embedder,
                maker,
                rows: self.rows,
                upright,
            }),
            (None, None) => Box::new(&self.pool),
        }
    }
}

/// What the cache has under one preprocessing.
struct Entries {
    symmetries: Entry,
    /// Random views, where some are cached.
    random: Option<Entry>,
}

impl Entries {
    /// Views.
    fn len(&self) -> usize {
        self.symmetries.len() + self.random.as_ref().map_or(0, Entry::len)
    }
}

/// What a run asks of the cache.
pub(super) struct Wanted<'a> {
    maker: Option<ViewMaker>,
    /// Views of pool rows: upright ones, or all symmetries.
    pool: Views<'static>,
    /// The same of test rows.
    test: Views<'static>,
    /// Random views of a pool row.
    random: usize,
    rows: &'a Rows,
    /// Ways in which patches are scaled.
    preprocessings: usize,
}

impl Wanted<'_> {
    /// What of it the cache keeps, whatever it has, in values of no width.
    pub fn kept(&self) -> Kept {
        let pool = (self.pool.count() + self.random) * self.rows.pool();
        let test = self.test.count() * self.rows.test.len();
        Kept {
            views: (pool + test) * self.preprocessings,
            upright_views: self.rows.places.len() * self.preprocessings,
            present: 0,
            width: 0,
            embedding_width: 0,
        }
    }
}

impl<'r> Run<'r> {
    /// What the run asks of the cache.
    pub(super) fn wanted<'a>(&self, rows: &'a Rows) -> Wanted<'a> {
        let augment = &self.config.augment;
        let maker = ViewMaker::new(augment, self.config.seed);
        let judged = self.config.judged_symmetries() != Symmetries::None;
        Wanted {
            pool: match augment.symmetry {
                _ if judged => Views::Symmetries,
                Symmetries::None => Views::Upright,
                // Random views have their symmetry in them.
                _ if maker.is_some() => Views::Upright,
                _ => Views::Symmetries,
            },
            test: if judged {
                Views::Symmetries
            } else {
                Views::Upright
            },
            maker,
            random: augment.views,
            rows,
            preprocessings: match self.config.backbone.normalise {
                NormaliseMode::Fold => rows.folds.len(),
                _ => 1,
            },
        }
    }

    /// What rows enter training with before `cut` under each preprocessing, computed where the
    /// cache lacks it.
    pub(super) fn cached_inputs<'a>(
        &self,
        cut: Cut,
        rows: &'a Rows,
        preprocess: &[Preprocess],
        session: &Session<'_>,
    ) -> Result<(Vec<CachedInputs<'a>>, EmbedCount), TrainError>
    where
        'r: 'a,
    {
        let mut wanted = self.wanted(rows);
        let stain = preprocess.first().map(stain_of_preprocess).transpose()?;
        let stain = stain.flatten();
        wanted.maker = wanted.maker.map(|maker| maker.of_stain(stain.as_ref()));
        let viewed = usize::from(wanted.random > 0) * rows.pool();
        let mut counter = Counter {
            done: 0,
            total: (rows.places.len() + viewed) * preprocess.len(),
            count: EmbedCount::default(),
            session,
        };
        let mut all = Vec::new();
        for (index, preprocess_of_fold) in preprocess.iter().enumerate() {
            let embedder =
                self.embedder(cut, preprocess_of_fold, self.config.backbone.precision)?;
            if index == 0 {
                self.tell_precision(cut, rows, &embedder, session)?;
            }
            let entries = self.entries(&embedder, wanted.maker.as_ref())?;
            if index == 0 {
                let kept = Kept {
                    present: entries.len(),
                    width: embedder.width(),
                    embedding_width: self.start.network()?.spec.embedding_width,
                    ..wanted.kept()
                };
                session.tell_or_stop(&self.cost(&embedder, kept, rows))?;
                self.hold_to_limit(kept)?;
                self.hold_to_disk(kept)?;
            }
            all.push(self.fill(embedder, entries, &wanted, &mut counter)?);
        }
        session.tell_or_stop(&Event::Embedded {
            found: counter.count.found,
            computed: counter.count.computed,
        })?;
        Ok((all, counter.count))
    }

    pub(crate) fn embedder(
        &self,
        cut: Cut,
        preprocess: &Preprocess,
        precision: Precision,
    ) -> Result<Embedder, TrainError> {
        let backbone = self.start.network()?;
        let run_at = RunAt {
            size_px: self.size_px,
            precision,
        };
        let frozen = FrozenGraph::new(&backbone.network, &backbone.origin(), cut, run_at)?;
        Ok(Embedder::new(frozen, preprocess.clone()))
    }

    /// Says what fewer bits do to the values, where they were asked for.
    fn tell_precision(
        &self,
        cut: Cut,
        rows: &Rows,
        embedder: &Embedder,
        session: &Session<'_>,
    ) -> Result<(), TrainError> {
        let precision = self.config.backbone.precision;
        if precision == Precision::F32 {
            return Ok(());
        }
        let single = self.embedder(cut, embedder.preprocess(), Precision::F32)?;
        let reader = RowReader {
            patches: self.patches,
            places: rows.pool_places(),
            reader: PatchReader::new(embedder.preprocess(), self.limits())?,
        };
        let effect = PrecisionEffect::of(embedder, &single, &reader)?;
        session.tell_or_stop(&Event::Precision { precision, effect })
    }

    fn cost(&self, embedder: &Embedder, kept: Kept, rows: &Rows) -> Event {
        let augment = &self.config.augment;
        let fresh = augment.changes_pixels() && augment.views == 0;
        let trained: usize = rows.folds.iter().map(|fold| fold.train.len()).sum();
        let fresh_views = usize::from(fresh) * trained * self.config.train.epochs;
        let passes = kept.missing() + fresh_views;
        Event::Cost {
            cached_views: kept.views,
            cache_bytes: kept.bytes(self.config.cache.dtype),
            fresh_views,
            multiply_adds: embedder.frozen().multiply_adds(),
            secs: match passes {
                // A pass that is only timed would be one too many.
                0 => 0.0,
                passes => passes as f64 * secs_per_view(embedder),
            },
        }
    }

    /// Opens what the cache has for `embedder`, which checks every record.
    fn entries(
        &self,
        embedder: &Embedder,
        maker: Option<&ViewMaker>,
    ) -> Result<Entries, TrainError> {
        let service = self.service(embedder);
        let random = maker.filter(|_| self.config.augment.views > 0);
        Ok(Entries {
            random: random.map(|maker| service.open(Some(maker))).transpose()?,
            symmetries: service.open(None)?,
        })
    }

    fn limits(&self) -> DecodeLimits {
        decode_limits(self.config.data.max_side_px)
    }

    pub(super) fn service<'a>(&'a self, embedder: &'a Embedder) -> EmbeddingService<'a> {
        EmbeddingService {
            cache: self.cache,
            dtype: self.config.cache.dtype,
            embedder,
            limits: self.limits(),
        }
    }

    fn fill<'a>(
        &self,
        embedder: Embedder,
        mut entries: Entries,
        wanted: &Wanted<'a>,
        counter: &mut Counter<'_>,
    ) -> Result<CachedInputs<'a>, TrainError>
    where
        'r: 'a,
    {
        let rows = wanted.rows;
        let service = self.service(&embedder);
        let mut of = |entry: &mut Entry, places: &[usize], views: Views<'_>| {
            let progress = &mut |done| counter.tell(done);
            let found = service.within(entry, self.patches, places, views, progress);
            let (embeddings, count) = found?;
            counter.add(places.len(), count);
            Ok::<_, TrainError>(embeddings)
        };
        let views = match (&wanted.maker, &mut entries.random) {
            (Some(maker), Some(random)) => {
                let views = Views::Random(self.config.augment.views, maker);
                Some(of(random, rows.pool_places(), views)?)
            }
            _ => None,
        };
        let symmetries = &mut entries.symmetries;
        let pool = of(symmetries, rows.pool_places(), wanted.pool)?;
        let test = of(symmetries, rows.test_places(), wanted.test)?;
        Ok(CachedInputs {
            maker: wanted.maker.clone(),
            rows: self.reader(
                rows.pool_places(),
                stain_of_preprocess(embedder.preprocess())?,
            ),
            embedder,
            pool,
            views,
            test,
        })
    }
}

/// How far the cache is filled.
struct Counter<'a> {
    done: usize,
    total: usize,
    count: EmbedCount,
    session: &'a Session<'a>,
}

impl Counter<'_> {
    fn tell(&self, done: usize) -> Result<(), TrainError> {
        self.session.tell_or_stop(&Event::Embedding {
            done: self.done + done,
            total: self.total,
        })
    }

    const fn add(&mut self, patches: usize, count: EmbedCount) {
        self.done += patches;
        self.count.found += count.found;
        self.count.computed += count.computed;
    }
}
