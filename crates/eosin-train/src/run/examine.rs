//! The checks before training.

use eosin_core::config::DoctorPolicy;
use eosin_core::{Normalisation, Preprocess};

use super::Run;
use super::rows::Rows;
use crate::check::{Files, Finding, Named, check_leaks, check_model, check_pixels};
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource;
use crate::input::scale::PixelScale;
use crate::input::stain_fit::stain_of_preprocess;
use crate::model::trainable::Trainable;
use crate::train::session::Session;

/// Patches whose colours are looked at before training.
const PATCHES_LOOKED_AT: usize = 32;

/// What is about to be trained, and on what.
pub(super) struct Subject<'a> {
    pub rows: &'a Rows,
    pub preprocess: &'a [Preprocess],
    /// Where the first fold's rows are found.
    pub source: &'a dyn InputSource,
}

impl Run<'_> {
    /// Looks at folds, colours and a first batch, with a `fresh` model to throw away.
    pub(super) fn examine<M: Trainable>(
        &self,
        fresh: impl FnOnce() -> Result<M, TrainError>,
        subject: &Subject<'_>,
        session: &Session<'_>,
    ) -> Result<(), TrainError> {
        if self.config.train.doctor == DoctorPolicy::Off {
            return Ok(());
        }
        let rows = subject.rows;
        let mut findings = self.leaks(rows);
        findings.extend(self.missing_classes(rows));
        // Without a network no pixel enters the training.
        if let Some(preprocess) = subject.preprocess.first() {
            findings.extend(self.check_colours(rows, preprocess)?);
        }
        findings.extend(check_model(
            &mut fresh()?,
            subject.source,
            &rows.folds[0].train,
            &rows.targets,
            self.patches.manifest().classes.len(),
            self.config.seed,
        )?);
        self.judge(findings, session)
    }

    /// Pictures on both sides of a split.
    pub(super) fn leaks(&self, rows: &Rows) -> Vec<Finding> {
        let places = rows.places.iter();
        let hashes: Vec<_> = places.map(|place| *self.patches.hash(*place)).collect();
        let name = |row: usize| self.patches.name(rows.places[row]);
        let files = Files {
            hashes: &hashes,
            targets: &rows.targets,
            name: &name,
            named: match self.folder {
                Some(_) => Named::Some,
                None => Named::All,
            },
        };
        check_leaks(&rows.folds, files, &rows.test)
    }

    /// Tells the findings; those that `train.doctor` refuses are an error.
    pub(super) fn judge(
        &self,
        findings: Vec<Finding>,
        session: &Session<'_>,
    ) -> Result<(), TrainError> {
        let refused = |finding: &&Finding| match self.config.train.doctor {
            DoctorPolicy::Off | DoctorPolicy::Warn => false,
            DoctorPolicy::Leaks => !finding.leaks.is_empty(),
            DoctorPolicy::Refuse => true,
        };
        let refused = findings.iter().filter(refused);
        let problems: Vec<String> = refused.filter_map(|f| f.problem.clone()).collect();
        session.tell_or_stop(&Event::Examined { findings })?;
        if problems.is_empty() {
            return Ok(());
        }
        Err(TrainError::Doctor(problems.join("; ")))
    }

    /// Looks at some training patches from all over the first fold.
    fn check_colours(
        &self,
        rows: &Rows,
        preprocess: &Preprocess,
    ) -> Result<Vec<Finding>, TrainError> {
        let train = &rows.folds[0].train;
        let step = (train.len() / PATCHES_LOOKED_AT).max(1);
        let unit = PixelScale::new(&Normalisation::UNIT);
        let scale = PixelScale::new(&preprocess.scale);
        let reader = self.reader(&rows.places, stain_of_preprocess(preprocess)?);
        let (mut plain, mut scaled) = (Vec::new(), Vec::new());
        for row in train.iter().step_by(step) {
            let patch = reader.read(*row)?;
            plain.extend(unit.interleaved(&patch.pixels));
            scaled.extend(scale.interleaved(&patch.pixels));
        }
        Ok(check_pixels(&plain, &scaled, self.size_px))
    }
}
