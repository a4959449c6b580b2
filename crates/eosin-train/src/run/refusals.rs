//! What a run is refused for from its plan alone: before a patch is embedded, and before a run that
//! it would replace is gone.

use std::time::Duration;

use eosin_core::config::{DoctorPolicy, EnsembleMethod, HeadKind, TrainMode};
use eosin_core::{Cut, Watch};
use eosin_models::Recording;

use super::Run;
use super::afford::{Kept, refuse_memory};
use super::rows::Rows;
use crate::check::{Finding, check_classes, fix_for_classes};
use crate::checkpoint::keeper::Keeper;
use crate::embed::own_embeddings::OwnEmbeddings;
use crate::error::TrainError;
use crate::event::Event;
use crate::train::session::Session;

/// Copies of its weights that a head of epochs holds: themselves, their gradients, two moments, and
/// those of the epoch that is kept.
const COPIES_OF_A_HEAD: usize = 5;

impl Run<'_> {
    /// Refuses what cannot succeed, whatever is computed: folds that lack a class, more neighbours
    /// than patches, a head that memory does not hold, embeddings beyond what the cache may hold.
    /// [`run`](Self::run) refuses the same; this is for whoever would write something before it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn refuse_plan(&self) -> Result<(), TrainError> {
        self.refuse_rows(&self.rows()?)
    }

    /// See [`refuse_plan`](Self::refuse_plan).
    pub(super) fn refuse_rows(&self, rows: &Rows) -> Result<(), TrainError> {
        if self.is_solved() {
            self.refuse_missing_classes(rows)?;
            self.refuse_too_many_neighbours(rows)?;
        }
        if self.start.network().is_ok() {
            self.stain_fitter(rows).refuse()?;
        }
        self.refuse_large_head(rows)?;
        self.refuse_over_limit(rows)
    }

    /// Refuses what leaks, as [`run`](Self::run) does: for whoever would remove something before it.
    ///
    /// # Errors
    /// What leaks, or `watch` fails or stops the work.
    pub fn refuse_leaks(&self, watch: &dyn Watch<Event>) -> Result<(), TrainError> {
        let session = Session::new(Keeper::new(None, [0; 32], Duration::MAX), watch);
        self.refuse_findings(&self.rows()?, &session)
    }

    /// What leaks is an error unless `train.doctor` says that it is none, and with `refuse` a part
    /// without a class is one, too.
    pub(super) fn refuse_findings(
        &self,
        rows: &Rows,
        session: &Session<'_>,
    ) -> Result<(), TrainError> {
        let findings = match self.config.train.doctor {
            DoctorPolicy::Off | DoctorPolicy::Warn => return Ok(()),
            DoctorPolicy::Leaks => self.leaks(rows),
            DoctorPolicy::Refuse => [self.leaks(rows), self.missing_classes(rows)].concat(),
        };
        if findings.iter().any(|finding| finding.problem.is_some()) {
            return self.judge(findings, session);
        }
        Ok(())
    }

    /// Parts that lack a class.
    pub(super) fn missing_classes(&self, rows: &Rows) -> Vec<Finding> {
        let classes = &self.patches.manifest().classes;
        check_classes(&rows.folds, &rows.targets, classes, self.folds.method)
    }

    /// Whether heads are solved on embeddings.
    fn is_solved(&self) -> bool {
        let combines = |method| method != EnsembleMethod::Concat;
        let members = self.start.members();
        self.config.train.mode == TrainMode::Probe
            && !members.is_some_and(|members| combines(members.method))
    }

    /// A head cannot tell a class that it has never seen.
    fn refuse_missing_classes(&self, rows: &Rows) -> Result<(), TrainError> {
        let classes = &self.task.classes;
        for fold in &rows.folds {
            let lacks = |class: &usize| fold.train.iter().all(|row| rows.targets[*row] != *class);
            if let Some(class) = (0..classes.len()).find(lacks) {
                return Err(TrainError::ClassMissing {
                    fold: fold.id,
                    class: classes[class].clone(),
                    fix: fix_for_classes(self.folds.method),
                });
            }
        }
        Ok(())
    }

    /// More neighbours than there are patches are no neighbours.
    fn refuse_too_many_neighbours(&self, rows: &Rows) -> Result<(), TrainError> {
        let patches = rows.folds.iter().map(|fold| fold.train.len()).min();
        let patches = patches.unwrap_or(0);
        match self.job(&self.config.train, rows).given_strength() {
            Some(asked) if self.config.train.head == HeadKind::Knn && asked > patches as f64 => {
                Err(TrainError::TooManyNeighbours { asked, patches })
            }
            _ => Ok(()),
        }
    }

    /// The heads of all folds are trained side by side.
    fn refuse_large_head(&self, rows: &Rows) -> Result<(), TrainError> {
        let Some(width) = self.embedding_width() else {
            return Ok(());
        };
        if self.config.train.mode != TrainMode::Head {
            return Ok(());
        }
        let widths = self.job(&self.config.train, rows).head_widths(width);
        let weights: usize = widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum();
        let bytes = weights * size_of::<f32>() * COPIES_OF_A_HEAD * rows.folds.len();
        refuse_memory(bytes as u64, self.config.train.hidden)
    }

    /// Values of what a head is trained on; `None` of an ensemble.
    fn embedding_width(&self) -> Option<usize> {
        let own = self.start.own().map(OwnEmbeddings::record);
        let network = self.start.network().ok();
        own.map(|record| record.width)
            .or_else(|| Some(network?.spec.embedding_width))
    }

    /// What the cache may not hold is known before the cache is looked into.
    fn refuse_over_limit(&self, rows: &Rows) -> Result<(), TrainError> {
        let (Ok(backbone), cut) = (self.start.network(), self.cut()?) else {
            return Ok(());
        };
        let network = backbone.network.architecture();
        let map = |stages| {
            let shape = Recording::prefix_shape(network, stages, self.size_px).output_shape();
            shape.iter().product()
        };
        let embedding_width = backbone.spec.embedding_width;
        let width = match cut {
            Cut::Pixels if self.config.train.mode == TrainMode::HeadThenFull => embedding_width,
            Cut::Pixels => return Ok(()),
            Cut::Embedding => embedding_width,
            Cut::LastMap => map(network.stages().len()),
            Cut::Stage(stage) => map(stage),
        };
        let kept = self.wanted(rows).kept();
        let sizes = 1 + self.sizes_px().len();
        self.hold_to_limit(Kept {
            width,
            embedding_width,
            views: kept.views * sizes,
            upright_views: kept.upright_views * sizes,
            present: 0,
        })
    }
}
