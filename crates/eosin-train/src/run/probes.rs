//! Training in mode `probe`: every fold's head solved on cached embeddings.

use std::collections::BTreeMap;

use eosin_core::Cut;
use eosin_heads::{HeadError, Table};

use super::Run;
use super::inputs::Inputs;
use super::probe_folds::{ProbeFolds, SolvedFold};
use super::training::{Plan, Trained, tell_epochs};
use crate::error::TrainError;
use crate::input::view::View;
use crate::model::classifier::Classifier;
use crate::model::head_model::HeadModel;
use crate::predict::logits::Logits;
use crate::train::probe::spread_of;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::FoldOutcome;

impl Run<'_> {
    /// Solves the heads of all folds.
    pub(super) fn train_probes(
        &self,
        plan: Plan<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let rows = plan.rows;
        let (inputs, embedded) = self.inputs(Cut::Embedding, rows, plan.preprocess, session)?;
        let job = self.job(&self.config.train, rows);
        let source = inputs[0].source();
        let widths = job.head_widths(source.width());
        let fresh = || Ok(HeadModel::new(&widths, 0.0, job.seed, 0));
        self.examine(fresh, &plan.subject(&*source), session)?;
        let mut heads = Vec::new();
        for (index, own) in inputs.iter().enumerate() {
            let mine = |place: &usize| place % inputs.len() == index;
            let mine: Vec<usize> = (0..rows.folds.len()).filter(mine).collect();
            heads.extend(self.probes_of(plan, own, &mine, session)?);
        }
        heads.sort_by_key(|head: &FoldOutcome<Classifier>| head.rows.stream);
        self.judge_heads(&mut heads, &inputs, rows)?;
        let classifier = self.start.classifier();
        let mut folds = Vec::new();
        for head in heads {
            // All are solved together, whatever was finished before: a head's last bits depend on
            // those beside it.
            let outcome = if let Some(finished) = plan.shelf.get(&head.rows) {
                finished.clone()
            } else {
                let solved = head.map(|head| head.tensors(classifier));
                plan.shelf.put(&solved)?;
                solved
            };
            tell_epochs(&outcome, session)?;
            folds.push(outcome);
        }
        Ok(Trained { folds, embedded })
    }

    /// The heads of the folds at these places, which share embeddings.
    fn probes_of(
        &self,
        plan: Plan<'_>,
        inputs: &Inputs<'_>,
        mine: &[usize],
        session: &Session<'_>,
    ) -> Result<Vec<FoldOutcome<Classifier>>, TrainError> {
        let rows = plan.rows;
        let views = inputs.all_views(self.config.augment.symmetry);
        let name = |patch: usize| self.patches.name(rows.places[patch]);
        let table = Table::new(&*views).map_err(|error| of_table(error, name))?;
        let mut by_repeat: BTreeMap<usize, Vec<&FoldRows>> = BTreeMap::new();
        for place in mine {
            let fold = &rows.folds[*place];
            by_repeat.entry(fold.id.repeat).or_default().push(fold);
        }
        let mut outcomes = Vec::new();
        for (repeat, folds) in by_repeat {
            let all = rows.folds.iter().filter(|fold| fold.id.repeat == repeat);
            let probes = ProbeFolds {
                run: self,
                job: self.job(&self.config.train, rows),
                table: &table,
                folds,
                all: all.collect(),
                places: rows.pool_places(),
            };
            let source = inputs.source();
            for solved in probes.solve(session)? {
                let SolvedFold {
                    fold,
                    head,
                    mut record,
                } = solved;
                let val = head.orbit_logits(&*source, &fold.val, &[View::UPRIGHT])?;
                record.spread = Some(spread_of(&val, probes.job.classes()));
                let targets = probes.job.targets_of(&fold.val);
                outcomes.push(FoldOutcome {
                    rows: fold.clone(),
                    epochs: Vec::new(),
                    kept_epoch: 0,
                    weights: head,
                    probe: Some(record),
                    combiner: None,
                    soup: Vec::new(),
                    metrics: probes.job.metrics(&targets, &val)?,
                    logits: Logits {
                        val,
                        test: Vec::new(),
                    },
                    one_view: None,
                });
            }
        }
        Ok(outcomes)
    }
}

/// Why embeddings cannot be a table, in words of patches' names.
fn of_table(error: HeadError, name: impl Fn(usize) -> String) -> TrainError {
    match error {
        HeadError::NotFinite { patch, value, .. } => TrainError::NotFinite {
            name: name(patch),
            value,
        },
        HeadError::Constant { patches } => TrainError::ConstantEmbeddings(patches),
        other => TrainError::Head(other),
    }
}
