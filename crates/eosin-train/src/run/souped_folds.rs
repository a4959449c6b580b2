//! The folds of a soup: the mean of its members' weights, judged again.
//!
//! A uniform soup takes all members. A greedy soup (Wortsman et al. 2022, algorithm 1) sorts them by
//! their score and adds one after the other where the score does not fall. Here each fold's soup is chosen
//! by the validation parts of the other folds, by soups of those folds' own weights: what a fold judges
//! has had no part in its choice.

use std::collections::BTreeMap;

use eosin_core::config::EnsembleMethod;
use eosin_weights::{LazyTensor as _, StateDict, StateTensor, TensorDict, to_lazy};

use super::Run;
use super::training::{Feed, Plan, Trained};
use crate::embed::starting_point::StartingPoint;
use crate::ensemble::member_run::MemberRun;
use crate::ensemble::soup_runs::SoupRuns;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::view::View;
use crate::model::network_model::{NetworkModel, TrainedPart};
use crate::model::trainable::Trainable as _;
use crate::predict::fold_network::read_weights;
use crate::predict::logits::{FoldPart, Logits};
use crate::train::job::TrainJob;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::FoldOutcome;

/// Places of members, rising.
type Chosen = Vec<usize>;

/// Where soups of a run are made and judged.
struct Kitchen<'a> {
    soup: &'a SoupRuns,
    job: TrainJob<'a>,
    part: TrainedPart,
    folds: &'a [FoldRows],
    feed: &'a Feed<'a>,
    frozen: TensorDict,
    /// What soups say of folds' validation parts, by members and place of the fold.
    tasted: BTreeMap<(Chosen, usize), Vec<f32>>,
}

impl Run<'_> {
    /// The mean weights of the members of a soup, judged fold by fold.
    pub(super) fn make_soup(
        &self,
        soup: &SoupRuns,
        stage: usize,
        plan: Plan<'_>,
        feed: &Feed<'_>,
        session: &Session<'_>,
    ) -> Result<Trained, TrainError> {
        let mut kitchen = Kitchen {
            soup,
            job: self.job(&self.config.train, plan.rows),
            part: self.trained_part(stage)?,
            folds: &plan.rows.folds,
            feed,
            frozen: soup.backbone.network.weights().clone(),
            tasted: BTreeMap::new(),
        };
        let mut trained = Trained::default();
        for (at, fold) in plan.rows.folds.iter().enumerate() {
            session.tell_or_stop(&Event::Pulse)?;
            if let Some(finished) = plan.shelf.get(fold) {
                trained.folds.push(finished.clone());
                continue;
            }
            let chosen = match soup.members.method {
                EnsembleMethod::GreedySoup => kitchen.greedy(at, session)?,
                _ => (0..soup.members.members.len()).collect(),
            };
            let outcome = kitchen.serve(&chosen, at)?;
            plan.shelf.put(&outcome)?;
            trained.folds.push(outcome);
        }
        Ok(trained)
    }
}

impl StartingPoint {
    /// The runs whose weights become one network's, where they do.
    pub(crate) const fn soup(&self) -> Option<&SoupRuns> {
        match self {
            Self::Soup(soup) => Some(soup),
            Self::Network(_) | Self::Embeddings(_) | Self::Members(_) => None,
        }
    }
}

impl Kitchen<'_> {
    fn members(&self) -> &[MemberRun] {
        &self.soup.members.members
    }

    /// The members of a fold's soup, chosen by the other folds of its cross-validation.
    fn greedy(&mut self, fold: usize, session: &Session<'_>) -> Result<Chosen, TrainError> {
        let others: Vec<usize> = (0..self.folds.len())
            .filter(|at| *at != fold && self.folds[*at].id.repeat == self.folds[fold].id.repeat)
            .collect();
        let metric = self.job.select;
        let mut alone = Vec::new();
        for member in 0..self.members().len() {
            alone.push(Tasted {
                member,
                score: self.score(&[member], &others)?,
            });
            session.tell_or_stop(&Event::Pulse)?;
        }
        // Stable: of equals the earlier comes first.
        alone.sort_by(|one, other| {
            let better = |a: &Tasted, b: &Tasted| metric.is_better(a.score, b.score);
            better(other, one).cmp(&better(one, other))
        });
        let mut chosen = vec![alone[0].member];
        let mut best = alone[0].score;
        for one in &alone[1..] {
            let mut with = [&chosen[..], &[one.member]].concat();
            with.sort_unstable();
            let score = self.score(&with, &others)?;
            if score.is_some() && !metric.is_better(best, score) {
                (chosen, best) = (with, score);
            }
            session.tell_or_stop(&Event::Pulse)?;
        }
        Ok(chosen)
    }

    /// What a soup scores on the validation parts of some folds, all together.
    fn score(&mut self, chosen: &[usize], folds: &[usize]) -> Result<Option<f64>, TrainError> {
        let (mut logits, mut targets) = (Vec::new(), Vec::new());
        for fold in folds {
            logits.extend(self.taste(chosen, *fold)?);
            targets.extend(self.job.targets_of(&self.folds[*fold].val));
        }
        Ok(self.job.metrics(&targets, &logits)?.get(self.job.select))
    }

    /// What a soup says of a fold's validation part, by the views that count.
    fn taste(&mut self, chosen: &[usize], fold: usize) -> Result<Vec<f32>, TrainError> {
        let place = (chosen.to_vec(), fold);
        if let Some(known) = self.tasted.get(&place) {
            return Ok(known.clone());
        }
        let model = self.model(&self.mean(chosen, fold)?)?;
        let logits = self.logits(&model, fold, FoldPart::Val, self.job.views)?;
        self.tasted.insert(place, logits.clone());
        Ok(logits)
    }

    /// A fold of the soup, judged.
    fn serve(&self, chosen: &[usize], at: usize) -> Result<FoldOutcome<StateDict>, TrainError> {
        let (fold, weights) = (&self.folds[at], self.mean(chosen, at)?);
        let model = self.model(&weights)?;
        let val = self.logits(&model, at, FoldPart::Val, &[View::UPRIGHT])?;
        let names = chosen
            .iter()
            .map(|member| self.members()[*member].name.clone());
        let mut outcome = FoldOutcome {
            rows: fold.clone(),
            epochs: Vec::new(),
            kept_epoch: 0,
            weights,
            probe: None,
            combiner: None,
            soup: names.collect(),
            metrics: self.job.metrics(&self.job.targets_of(&fold.val), &val)?,
            logits: Logits {
                val,
                test: Vec::new(),
            },
            one_view: None,
        };
        outcome.judge(&self.job, |_, part, views| {
            self.logits(&model, at, part, views)
        })?;
        Ok(outcome)
    }

    fn model(&self, weights: &StateDict) -> Result<NetworkModel, TrainError> {
        let mut whole = self.frozen.clone();
        whole.extend(to_lazy(weights.clone()));
        Ok(NetworkModel::new(&self.part, &whole, self.job.config)?)
    }

    fn logits(
        &self,
        model: &NetworkModel,
        fold: usize,
        part: FoldPart,
        views: &[View],
    ) -> Result<Vec<f32>, TrainError> {
        let scale = fold % self.feed.sources.len();
        let state = model.initial();
        match part {
            FoldPart::Val => model.logits(
                &state,
                self.feed.sources[scale],
                &self.folds[fold].val,
                views,
            ),
            FoldPart::Test => {
                model.logits(&state, self.feed.tests[scale], &self.feed.test_rows, views)
            }
        }
    }

    /// The mean of what some members have trained in a fold; running statistics as well.
    fn mean(&self, chosen: &[usize], fold: usize) -> Result<StateDict, TrainError> {
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for member in chosen {
            let file = read_weights(&self.members()[*member].folder, self.folds[fold].id)?;
            for (name, tensor) in &file.tensors {
                let values = tensor.read_all()?;
                let sum = sums.entry(name.clone()).or_insert_with(|| Sum {
                    shape: tensor.shape().to_vec(),
                    values: vec![0.0; values.len()],
                });
                for (sum, value) in sum.values.iter_mut().zip(values.iter()) {
                    *sum += f64::from(*value);
                }
            }
        }
        let count = chosen.len() as f64;
        Ok(sums
            .into_iter()
            .map(|(name, sum)| (name, sum.over(count)))
            .collect())
    }
}

/// A member, and what it scores.
struct Tasted {
    member: usize,
    score: Option<f64>,
}

/// The sum of a tensor over members.
struct Sum {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Sum {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "weights are kept in single precision"
    )]
    fn over(self, count: f64) -> StateTensor {
        StateTensor {
            shape: self.shape,
            values: self.values.iter().map(|sum| (sum / count) as f32).collect(),
        }
    }
}
