//! Heads of several configurations solved side by side.

use eosin_core::config::TrainConfig;
use rayon::prelude::*;

use super::Run;
use super::columns::ColumnOutcome;
use super::inputs::Inputs;
use super::probes::Probes;
use super::rows::Rows;
use crate::error::TrainError;
use crate::predict::logits::FoldPart;
use crate::train::columns::ColumnFold;
use crate::train::session::Session;

impl Run<'_> {
    /// What the heads of each configuration come to, as columns of the same products: the same bits as
    /// each by itself.
    pub(super) fn probe_columns(
        &self,
        configs: &[&TrainConfig],
        inputs: &[Inputs<'_>],
        rows: &Rows,
        session: &Session<'_>,
    ) -> Result<Vec<ColumnOutcome>, TrainError> {
        match self.solve_probes(configs, inputs, rows, session) {
            Ok(all) => {
                let all = all.into_iter();
                all.map(|probes| self.judged_column(probes, inputs, rows))
                    .collect()
            }
            Err(error) if is_of_values(&error) && configs.len() == 1 => {
                Ok(vec![ColumnOutcome::Failed(error)])
            }
            // One that cannot be solved does not take the others with it.
            Err(error) if is_of_values(&error) => {
                let alone = |config: &&TrainConfig| {
                    let mut one = self.probe_columns(&[*config], inputs, rows, session)?;
                    Ok(one.remove(0))
                };
                configs.iter().map(alone).collect()
            }
            Err(error) => Err(error),
        }
    }

    /// Judged as a run judges it, test patches left alone.
    fn judged_column(
        &self,
        mut probes: Probes,
        inputs: &[Inputs<'_>],
        rows: &Rows,
    ) -> Result<ColumnOutcome, TrainError> {
        let job = self.job(&self.config.train, rows);
        let folds = probes.par_iter_mut().enumerate().map(|(at, fold)| {
            let (source, val) = (inputs[at % inputs.len()].source(), fold.rows.val.clone());
            fold.judge(&job, |head, part, views| match part {
                FoldPart::Val => head.orbit_logits(&*source, &val, views),
                FoldPart::Test => Ok(Vec::new()),
            })?;
            Ok(ColumnFold {
                id: fold.rows.id,
                metrics: fold.metrics.clone(),
                logits: fold.logits.val.clone(),
            })
        });
        self.trained_column(rows, folds.collect::<Result<_, TrainError>>()?)
    }
}

/// Whether a configuration is to blame, and not the patches or the machine.
const fn is_of_values(error: &TrainError) -> bool {
    matches!(error, TrainError::Head(_) | TrainError::ClassMissing { .. })
}
