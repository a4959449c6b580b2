//! The folds of an ensemble: the answers of its members become one.

use std::collections::BTreeMap;

use eosin_core::config::EnsembleMethod;
use eosin_ensemble::{Combiner, Labels, Method, Pool, out_of_fold};
use eosin_weights::StateDict;

use super::Run;
use super::rows::Rows;
use super::training::{Plan, Trained};
use crate::ensemble::member_logits::{JudgedKeys, MemberLogits};
use crate::ensemble::member_run::MemberRuns;
use crate::error::TrainError;
use crate::event::Event;
use crate::predict::logits::Logits;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::FoldOutcome;

/// What the members say of what a fold judges.
type OfMembers = Vec<MemberLogits>;

impl Run<'_> {
    /// Combines the members' answers, fold by fold: what is fitted is fitted on what members say of
    /// the other folds' patches, which none of them had trained on.
    pub(super) fn combine(
        &self,
        members: &MemberRuns,
        plan: Plan<'_>,
        session: &Session<'_>,
    ) -> Result<Trained, TrainError> {
        let rows = plan.rows;
        let mut by_repeat: BTreeMap<usize, Vec<&FoldRows>> = BTreeMap::new();
        for fold in &rows.folds {
            by_repeat.entry(fold.id.repeat).or_default().push(fold);
        }
        let mut trained = Trained::default();
        for folds in by_repeat.into_values() {
            session.tell_or_stop(&Event::Pulse)?;
            let said = folds.iter().map(|fold| self.said(members, fold, rows));
            let said = said.collect::<Result<Vec<OfMembers>, TrainError>>()?;
            let combiners = self.combiners(members.method, &folds, &said, rows)?;
            for ((fold, said), combiner) in folds.into_iter().zip(&said).zip(combiners) {
                let outcome = self.combined(fold, said, combiner, rows)?;
                plan.shelf.put(&outcome)?;
                trained.folds.push(outcome);
            }
        }
        Ok(trained)
    }

    /// What the members of an ensemble say of the patches of its first cross-validation, out of fold.
    ///
    /// # Errors
    /// When the run is no ensemble, or what a member says cannot be read.
    pub fn answers(&self) -> Result<Pool, TrainError> {
        let Some(members) = self.start.members() else {
            return Err(TrainError::Ensemble("the run is no ensemble".to_owned()));
        };
        let rows = self.rows()?;
        let folds = rows.folds.iter().filter(|fold| fold.id.repeat == 0);
        let folds: Vec<&FoldRows> = folds.collect();
        let said = folds.iter().map(|fold| self.said(members, fold, &rows));
        let said = said.collect::<Result<Vec<OfMembers>, TrainError>>()?;
        self.member_pool(&folds, &said, &rows)
    }

    /// What every member says of what a fold judges.
    fn said(
        &self,
        members: &MemberRuns,
        fold: &FoldRows,
        rows: &Rows,
    ) -> Result<OfMembers, TrainError> {
        let patches = &self.patches.manifest().patches;
        let keys = |of: &[usize]| {
            let key = |row: &usize| patches[rows.places[*row]].key.clone();
            of.iter().map(key).collect()
        };
        let judged = JudgedKeys {
            val: keys(&fold.val),
            test: keys(&rows.test),
        };
        let members = members.members.iter();
        members
            .map(|member| MemberLogits::read(member, fold.id, &judged))
            .collect()
    }

    /// How each fold's answers become one.
    fn combiners(
        &self,
        method: EnsembleMethod,
        folds: &[&FoldRows],
        said: &[OfMembers],
        rows: &Rows,
    ) -> Result<Vec<Combiner>, TrainError> {
        let pool = self.member_pool(folds, said, rows)?;
        let method: Method = method
            .as_str()
            .parse()
            .map_err(|error| TrainError::Ensemble(format!("{error}")))?;
        if method.is_fitted() && folds.len() < 2 {
            return Err(TrainError::Ensemble(format!(
                "'--method {method}' is fitted on the folds that do not judge, and there is one fold; \
                 take soft, geometric, power or hard"
            )));
        }
        let all: Vec<usize> = (0..pool.members().len()).collect();
        Ok(out_of_fold(&pool, &all, method, rows.select)?.combiners)
    }

    /// What the members say of the patches that these folds of one cross-validation judge.
    fn member_pool(
        &self,
        folds: &[&FoldRows],
        said: &[OfMembers],
        rows: &Rows,
    ) -> Result<Pool, TrainError> {
        let labels = self.labels(folds, rows);
        let count = said.first().map_or(0, Vec::len);
        let member = |member: usize| {
            let of_folds = said.iter().map(|of_fold| &of_fold[member].logits.val);
            of_folds.flatten().copied().collect()
        };
        Ok(Pool::new((0..count).map(member).collect(), labels)?)
    }

    /// Classes, folds and groups of the patches that these folds of one cross-validation judge.
    pub(super) fn labels(&self, folds: &[&FoldRows], rows: &Rows) -> Labels {
        let manifest = self.patches.manifest();
        let mut labels = Labels {
            targets: Vec::new(),
            classes: self.task.classes.len(),
            positive: self.task.positive,
            folds: Vec::new(),
            groups: Vec::new(),
        };
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for (at, fold) in folds.iter().enumerate() {
            for row in &fold.val {
                let patch = &manifest.patches[rows.places[*row]];
                labels.targets.push(rows.targets[*row]);
                labels.folds.push(at);
                // A patch that belongs to nobody is a group of its own.
                let name = match patch.group_by(self.folds.group) {
                    Some(group) => format!("group {group}"),
                    None => format!("patch {}", patch.key),
                };
                let next = numbers.len();
                labels.groups.push(*numbers.entry(name).or_insert(next));
            }
        }
        labels
    }

    fn combined(
        &self,
        fold: &FoldRows,
        said: &[MemberLogits],
        combiner: Combiner,
        rows: &Rows,
    ) -> Result<FoldOutcome<StateDict>, TrainError> {
        let logits: Vec<&Logits> = said.iter().map(|member| &member.logits).collect();
        let logits = combined_logits(&combiner, &logits)?;
        let any = said.iter().any(|member| member.one_view.is_some());
        let one_view = any.then(|| {
            let seen = said.iter();
            let seen = seen.map(|member| member.one_view.as_ref().unwrap_or(&member.logits));
            combined_logits(&combiner, &seen.collect::<Vec<_>>())
        });
        let one_view = one_view.transpose()?;
        let job = self.job(&self.config.train, rows);
        let targets = job.targets_of(&fold.val);
        Ok(FoldOutcome {
            rows: fold.clone(),
            epochs: Vec::new(),
            kept_epoch: 0,
            weights: StateDict::new(),
            probe: None,
            combiner: Some(combiner),
            soup: Vec::new(),
            metrics: job.metrics(&targets, &logits.val)?,
            logits,
            one_view,
        })
    }
}

/// What a fold says where its members say this.
fn combined_logits(combiner: &Combiner, members: &[&Logits]) -> Result<Logits, TrainError> {
    let of = |part: fn(&Logits) -> &[f32]| {
        let members: Vec<&[f32]> = members.iter().map(|member| part(member)).collect();
        combiner.logits(&members)
    };
    Ok(Logits {
        val: of(|logits| &logits.val)?,
        test: of(|logits| &logits.test)?,
    })
}
