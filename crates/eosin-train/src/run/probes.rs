//! Training in mode `probe`: every fold's head solved on cached embeddings.

use std::collections::BTreeMap;

use eosin_core::Cut;
use eosin_core::config::TrainConfig;
use eosin_heads::{HeadError, Table};

use super::Run;
use super::inputs::Inputs;
use super::probe_folds::{ProbeFolds, SolvedFold, solve_together};
use super::rows::Rows;
use super::training::{Plan, Trained, tell_epochs};
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;
use crate::model::classifier::Classifier;
use crate::model::head_model::HeadModel;
use crate::predict::logits::Logits;
use crate::train::job::TrainJob;
use crate::train::probe::spread_of;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::FoldOutcome;

/// The folds of one configuration.
pub(super) type Probes = Vec<FoldOutcome<Classifier>>;

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
        let configs = [&self.config.train];
        let mut heads = self
            .solve_probes(&configs, &inputs, rows, session)?
            .concat();
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

    /// The heads of all folds under each configuration.
    pub(super) fn solve_probes(
        &self,
        configs: &[&TrainConfig],
        inputs: &[Inputs<'_>],
        rows: &Rows,
        session: &Session<'_>,
    ) -> Result<Vec<Probes>, TrainError> {
        let mut heads = vec![Probes::new(); configs.len()];
        for (index, own) in inputs.iter().enumerate() {
            let mine = rows.folds.iter().skip(index).step_by(inputs.len());
            let of_all = self.probes_of(configs, own, mine.collect(), rows, session)?;
            for (heads, more) in heads.iter_mut().zip(of_all) {
                heads.extend(more);
            }
        }
        for heads in &mut heads {
            heads.sort_by_key(|head| head.rows.stream);
        }
        Ok(heads)
    }

    /// The heads of some folds, which share embeddings, under each configuration.
    fn probes_of(
        &self,
        configs: &[&TrainConfig],
        inputs: &Inputs<'_>,
        mine: Vec<&FoldRows>,
        rows: &Rows,
        session: &Session<'_>,
    ) -> Result<Vec<Probes>, TrainError> {
        let views = inputs.all_views(self.config.augment.symmetry);
        let name = |patch: usize| self.patches.name(rows.places[patch]);
        let table = Table::new(&*views).map_err(|error| of_table(error, name))?;
        let mut by_repeat: BTreeMap<usize, Vec<&FoldRows>> = BTreeMap::new();
        for fold in mine {
            by_repeat.entry(fold.id.repeat).or_default().push(fold);
        }
        let mut outcomes = vec![Probes::new(); configs.len()];
        for (repeat, folds) in by_repeat {
            let all = rows.folds.iter().filter(|fold| fold.id.repeat == repeat);
            let all: Vec<&FoldRows> = all.collect();
            let mut probes = Vec::new();
            for config in configs {
                probes.push(ProbeFolds {
                    run: self,
                    job: self.job(config, rows),
                    table: &table,
                    folds: folds.clone(),
                    all: all.clone(),
                    places: rows.pool_places(),
                });
            }
            let solved = solve_together(&probes, session)?;
            let source = inputs.source();
            for ((own, probes), solved) in outcomes.iter_mut().zip(&probes).zip(solved) {
                for solved in solved {
                    own.push(outcome(solved, &probes.job, &*source)?);
                }
            }
        }
        Ok(outcomes)
    }
}

/// A fold that was solved, judged by one view.
fn outcome(
    solved: SolvedFold<'_>,
    job: &TrainJob<'_>,
    source: &dyn InputSource,
) -> Result<FoldOutcome<Classifier>, TrainError> {
    let SolvedFold {
        fold,
        head,
        mut record,
    } = solved;
    let val = head.orbit_logits(source, &fold.val, &[View::UPRIGHT])?;
    record.spread = Some(spread_of(&val, job.classes()));
    Ok(FoldOutcome {
        rows: fold.clone(),
        epochs: Vec::new(),
        kept_epoch: 0,
        weights: head,
        probe: Some(record),
        combiner: None,
        soup: Vec::new(),
        metrics: job.metrics(&job.targets_of(&fold.val), &val)?,
        logits: Logits {
            val,
            test: Vec::new(),
        },
        one_view: None,
    })
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
