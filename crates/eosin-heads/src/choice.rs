//! Choosing a penalty for each fold on its inner folds.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::HeadError;
use crate::gram::Gram;
use crate::inner::{InnerFolds, InnerModel};
use crate::judge::{judge, judges_all};
use crate::loss::Targets;
use crate::part::{Standard, TrainingPart};
use crate::pass::{Point, logits};
use crate::problem::Problem;
use crate::shrink::Shrunk;
use crate::solve::{Accuracy, Group, Optimum, Pulse, Solver};
use crate::table::{Table, add};

/// `C` times the rows trained on, at most: from there on nothing but the data counts.
const WEAKEST: f64 = 1e5;
/// The same where the walk begins.
const BEGIN: f64 = 100.0;
/// The same where nothing can choose.
const UNCHOSEN: f64 = 10.0;
/// `C` times rows times values, at least: there a model is little more than the shares of the
/// classes.
const STRONGEST: f64 = 0.5;

/// Penalties that are tried: scikit-learn's `C` in decades, `10^step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Penalties {
    /// The strongest.
    pub first: i32,
    /// The weakest.
    pub last: i32,
    /// Where the walk begins.
    pub begin: i32,
}

impl Penalties {
    /// For so many rows of so many values: from models that are little more than the shares of the
    /// classes, to models that are hardly held back.
    pub fn of(rows: usize, width: usize) -> Self {
        let step = |c: f64| whole(c.log10());
        let rows = rows.max(1) as f64;
        Self {
            first: step(STRONGEST / (rows * width as f64)),
            last: step(WEAKEST / rows),
            begin: step(BEGIN / rows),
        }
    }

    /// `C` where nothing can choose one, for so many rows: strong, since nothing shows that less is
    /// enough.
    pub fn unchosen(rows: usize) -> f64 {
        Self::c(whole((UNCHOSEN / rows.max(1) as f64).log10()))
    }

    /// `C` at a step.
    pub fn c(step: i32) -> f64 {
        10_f64.powi(step)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a logarithm of counts is small"
)]
const fn whole(value: f64) -> i32 {
    value.floor() as i32
}

/// A penalty, or another strength, that was tried, and how its models judged what they had not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// scikit-learn's `C`, or the strength of another head.
    pub strength: f64,
    /// Log loss of the mean logits over views, weighted as the loss is, of models that are drawn back
    /// to the shares of the classes as far as that helps.
    pub log_loss: f64,
}

/// The penalty of one choice.
#[derive(Clone, Debug)]
pub struct Choice {
    /// scikit-learn's `C`: where log loss is least, to a decade.
    pub c: f64,
    /// The share of the model that is kept; the rest are the shares of the classes.
    pub kept: f64,
    /// All that were tried, the strongest penalty first.
    pub tried: Vec<Tried>,
    /// The mean of its models' weights under that penalty: near the optimum on its training part,
    /// and made of nothing else.
    pub start: Vec<f64>,
    /// How rows bend the losses of models near it.
    pub gram: Option<Arc<Gram>>,
    /// Largest relative gap that any model was left with.
    pub relative_gap: f64,
}

/// What is known of a penalty: the models' weights, and what each choice comes to.
struct Solved {
    weights: Vec<Vec<f64>>,
    judged: Vec<Shrunk>,
    relative_gap: f64,
}

/// Chooses a penalty for each choice of `inner`: by decades towards lower log loss as long as any
/// choice gains. Every model begins where it stood under the nearest penalty. `None` where the inner
/// folds of a choice judge no patch of a class, so that they can choose nothing.
///
/// # Errors
/// When embeddings cannot be read, or `pulse` ends the work.
pub fn choose(
    table: &Table<'_>,
    targets: Targets<'_>,
    inner: &InnerFolds,
    penalties: Penalties,
    pulse: &mut Pulse<'_>,
) -> Result<Vec<Option<Choice>>, HeadError> {
    let models = inner.usable(&targets);
    let can_choose: Vec<bool> = (0..inner.choices)
        .map(|choice| judges_all(&models, &targets, choice))
        .collect();
    if !can_choose.contains(&true) {
        return Ok(vec![None; inner.choices]);
    }
    let parts: Vec<TrainingPart> = models.iter().map(|model| model.part.clone()).collect();
    let problem = Problem {
        table,
        targets,
        parts: &parts,
    };
    let own = Standard::of(table, &parts)?;
    let mut walk = Walk {
        solver: Solver::new(&problem, &own)?,
        models: &models,
        can_choose,
        means: table.orbit_means()?,
        solved: BTreeMap::new(),
    };
    walk.by_decades(penalties, pulse)?;
    let can_choose = walk.can_choose.iter().enumerate();
    Ok(can_choose
        .map(|(choice, can)| can.then(|| walk.choice(choice)))
        .collect())
}

struct Walk<'a> {
    solver: Solver<'a>,
    models: &'a [&'a InnerModel],
    /// Which choices are judged on every class.
    can_choose: Vec<bool>,
    /// Mean embedding of each patch.
    means: Vec<f32>,
    solved: BTreeMap<i32, Solved>,
}

impl Walk<'_> {
    /// Until no choice is best at an end.
    fn by_decades(&mut self, penalties: Penalties, pulse: &mut Pulse<'_>) -> Result<(), HeadError> {
        let Penalties { first, last, begin } = penalties;
        let begin = begin.clamp(first, last);
        self.solve(begin, pulse)?;
        let mut top = begin;
        while top < last && (top == begin || self.any_best_at(top)) {
            top += 1;
            self.solve(top, pulse)?;
        }
        let mut bottom = begin;
        while bottom > first && self.any_best_at(bottom) {
            bottom -= 1;
            self.solve(bottom, pulse)?;
        }
        Ok(())
    }

    fn any_best_at(&self, step: i32) -> bool {
        let choices = self.can_choose.iter().enumerate();
        let mut able = choices.filter(|(_, can)| **can);
        able.any(|(choice, _)| self.best(choice) == step)
    }

    /// The step with the least log loss; of equals the strongest penalty.
    fn best(&self, choice: usize) -> i32 {
        let mut best = (0, f64::INFINITY);
        for (step, solved) in &self.solved {
            if solved.judged[choice].loss < best.1 {
                best = (*step, solved.judged[choice].loss);
            }
        }
        best.0
    }

    fn solve(&mut self, step: i32, pulse: &mut Pulse<'_>) -> Result<(), HeadError> {
        let nearest = self
            .solved
            .iter()
            .min_by_key(|(other, _)| (*other - step).abs());
        let starts = nearest.map(|(_, solved)| solved.weights.clone());
        let c = Penalties::c(step);
        let all = Group {
            models: self.models.len(),
            c,
        };
        let optima = self.solver.solve(&[all], starts, Accuracy::INNER, pulse)?;
        let gap = |most: f64, optimum: &Optimum| most.max(optimum.relative_gap);
        let relative_gap = optima.iter().fold(0.0, gap);
        let weights: Vec<Vec<f64>> = optima.into_iter().map(|optimum| optimum.weights).collect();
        let judged = self.judge(&weights);
        let solved = Solved {
            weights,
            judged,
            relative_gap,
        };
        self.solved.insert(step, solved);
        Ok(())
    }

    /// What each choice keeps of its models, and their mean log loss then.
    fn judge(&self, weights: &[Vec<f64>]) -> Vec<Shrunk> {
        let Problem { table, targets, .. } = self.solver.problem;
        let points = weights.iter().enumerate();
        let points: Vec<Point<'_>> = points
            .map(|(model, weights)| Point { model, weights })
            .collect();
        let all = logits(&self.means, self.solver.own, table.width(), &points);
        let columns = targets.columns();
        let of_patch = |model: usize, patch: usize| {
            let place = (patch * points.len() + model) * columns;
            all[place..place + columns].to_vec()
        };
        judge(self.models, targets, self.can_choose.len(), 1.0, of_patch)
    }

    fn choice(&self, choice: usize) -> Choice {
        let best = self.best(choice);
        let tried = |(step, solved): (&i32, &Solved)| Tried {
            strength: Penalties::c(*step),
            log_loss: solved.judged[choice].loss,
        };
        let mine = |(model, _): &(usize, &&InnerModel)| {
            let mut judges = self.models[*model].judges.iter();
            judges.any(|judging| judging.choice == choice)
        };
        let mine = self.models.iter().enumerate().filter(mine);
        let mine: Vec<usize> = mine.map(|(model, _)| model).collect();
        let mut start = vec![0.0; self.solved[&best].weights[0].len()];
        for model in &mine {
            add(&mut start, &self.solved[&best].weights[*model]);
        }
        for weight in &mut start {
            *weight /= mine.len() as f64;
        }
        Choice {
            c: Penalties::c(best),
            kept: self.solved[&best].judged[choice].kept,
            tried: self.solved.iter().map(tried).collect(),
            start,
            gram: self.solver.grams.get(&0).cloned(),
            relative_gap: self.solved[&best].relative_gap,
        }
    }
}
