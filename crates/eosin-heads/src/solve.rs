//! Models solved side by side, under one penalty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::curvature::Metric;
use crate::error::HeadError;
use crate::gram::Gram;
use crate::lbfgs::{Descent, Trial};
use crate::linear::LinearHead;
use crate::newton::Newton;
use crate::part::{Standard, TrainingPart};
use crate::pass::{Curvature, Pass, Passed, Point};
use crate::problem::Problem;

/// Passes after which the metric is made anew from where the models stand then.
const NEW_METRIC: [usize; 3] = [15, 40, 100];
/// From here on each model that is to be solved exactly has its own Hessian, where that is cheap:
/// where classes can be separated, what bends a model's loss are a few rows that bend no other's.
const NEWTON: usize = 30;
/// Passes after which it is made anew.
const RENEWED: usize = 5;
/// Multiplications that make one, at most.
const CHEAP: usize = 1 << 30;

/// A gap, as a share of the value, that may be all rounding: single precision holds no more where it
/// does not halve in [`IN_VAIN`] passes.
const ROUNDING: f64 = 1e-8;
const IN_VAIN: usize = 20;

/// How exactly an optimum is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// A model is solved when its value is above the optimum's by about this share of itself.
    pub relative_gap: f64,
    /// Points at which it is evaluated at most.
    pub passes: usize,
}

impl Accuracy {
    /// Coefficients to about four digits.
    pub const FULL: Self = Self {
        relative_gap: 1e-9,
        passes: 400,
    };
    /// Enough to tell penalties apart: logits to about 0.006.
    pub const INNER: Self = Self {
        relative_gap: 1e-5,
        passes: 100,
    };
}

/// A solved model.
#[derive(Clone, Debug)]
pub struct Optimum {
    /// `[columns, width + 1]`, the intercept last, of the values as the model standardises them.
    pub weights: Vec<f64>,
    /// The classifier of embeddings as they are.
    pub head: LinearHead,
    /// `C sum_i s_i loss_i + 1/2 |w|^2`.
    pub value: f64,
    /// By about how much that is above the optimum, as a share of itself.
    pub relative_gap: f64,
    /// Points at which it was evaluated.
    pub passes: usize,
}

impl Optimum {
    /// Whether it is as near to the optimum as was asked for, or as single precision holds.
    pub fn is_solved(&self, accuracy: Accuracy) -> bool {
        self.relative_gap <= accuracy.relative_gap.max(ROUNDING)
    }
}

/// Hears of every pass, and ends the work with an error.
pub type Pulse<'a> = dyn FnMut() -> Result<(), HeadError> + 'a;

/// Some models that follow each other, and their penalty. They have one metric, so that a model's last
/// bits depend on those of its group, and on no others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// How many.
    pub models: usize,
    /// scikit-learn's `C`.
    pub c: f64,
}

/// Where models begin.
pub struct Beginning {
    /// Weights of each, `[columns, width + 1]`.
    pub weights: Vec<Vec<f64>>,
    /// How rows bent the losses of models near by.
    pub gram: Option<Arc<Gram>>,
}

/// Solves every model of `problem` under the penalty of its group, from where it begins, or from zero
/// where nothing says where. The same bytes whatever the
/// number of threads, and whatever the other groups.
///
/// # Errors
/// When a training part lacks a class, embeddings cannot be read, or `pulse` ends the work.
pub fn solve(
    problem: &Problem<'_>,
    groups: &[Group],
    begin: Option<Beginning>,
    accuracy: Accuracy,
    pulse: &mut Pulse<'_>,
) -> Result<Vec<Optimum>, HeadError> {
    let own = Standard::of(problem.table, problem.parts)?;
    let mut solver = Solver::new(problem, &own)?;
    let Some(Beginning { weights, gram }) = begin else {
        return solver.solve(groups, None, accuracy, pulse);
    };
    if let Some(gram) = gram {
        let known = (0..groups.len()).map(|group| (group, Arc::clone(&gram)));
        solver.grams.extend(known);
    }
    solver.solve(groups, Some(weights), accuracy, pulse)
}

/// What does not change along a path of penalties.
pub(crate) struct Solver<'a> {
    pub problem: &'a Problem<'a>,
    pub own: &'a [Standard],
    wanted: Vec<Vec<Vec<f32>>>,
    /// How rows bent the losses of each group's models when that was last looked at.
    pub grams: BTreeMap<usize, Arc<Gram>>,
}

impl<'a> Solver<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>, own: &'a [Standard]) -> Result<Self, HeadError> {
        let targets = &problem.targets;
        problem.refuse_missing()?;
        let of_class = |part: &TrainingPart, class| targets.wanted(class, 1.0, &part.class_weights);
        let of_part = |part| {
            (0..targets.classes)
                .map(|class| of_class(part, class))
                .collect()
        };
        Ok(Self {
            problem,
            own,
            wanted: problem.parts.iter().map(of_part).collect(),
            grams: BTreeMap::new(),
        })
    }

    pub(crate) fn solve(
        &mut self,
        groups: &[Group],
        starts: Option<Vec<Vec<f64>>>,
        accuracy: Accuracy,
        pulse: &mut Pulse<'_>,
    ) -> Result<Vec<Optimum>, HeadError> {
        let of_models = || {
            groups
                .iter()
                .enumerate()
                .flat_map(|(at, group)| vec![(at, group.c); group.models])
        };
        let (group_of, c): (Vec<usize>, Vec<f64>) = of_models().unzip();
        let pass = Pass {
            problem: self.problem,
            own: self.own,
            c: &c,
            groups: &group_of,
            wanted: &self.wanted,
        };
        let length = self.problem.targets.columns() * (self.problem.table.width() + 1);
        let starts = starts.unwrap_or_else(|| vec![vec![0.0; length]; self.problem.parts.len()]);
        let points: Vec<Point<'_>> = starts.iter().enumerate().map(at).collect();
        let Passed {
            evaluated,
            curvatures,
        } = pass.run(&points)?;
        pulse()?;
        let begun = evaluated.into_iter().zip(&starts);
        let descents = begun.map(|(e, start)| Descent::new(start.clone(), e.value, e.gradient));
        let mut race = Race {
            metrics: pass.metrics(curvatures, &mut self.grams)?,
            descents: descents.collect(),
            active: (0..starts.len()).collect(),
            pass,
            accuracy,
        };
        race.begin();
        let newton = accuracy == Accuracy::FULL && Newton::cost(self.problem.table) <= CHEAP;
        let mut passes = 1;
        while !race.active.is_empty() && passes < accuracy.passes {
            let curvatures = race.step()?;
            passes += 1;
            pulse()?;
            if race.active.is_empty() {
                break;
            }
            if newton && passes >= NEWTON {
                if (passes - NEWTON).is_multiple_of(RENEWED) {
                    race.own_metrics()?;
                    race.begin();
                }
            } else if NEW_METRIC.contains(&passes) {
                // What is near was not near enough.
                self.grams.clear();
                let curvatures = race.on_their_way(curvatures);
                race.metrics = race.pass.metrics(curvatures, &mut self.grams)?;
                race.begin();
            }
        }
        Ok(race.finish())
    }
}

fn at((model, weights): (usize, &Vec<f64>)) -> Point<'_> {
    Point { model, weights }
}

/// What bends the ways of models.
enum Metrics {
    /// One for each group.
    Shared(BTreeMap<usize, Metric>),
    /// Its own for each model that was on its way when they were made.
    Own(BTreeMap<usize, Newton>),
}

impl Metrics {
    /// `P^-1` of the gradients of some models, in order, of these groups.
    fn inverse_of(&self, gradients: &[(usize, &[f64])], groups: &[usize]) -> Vec<Vec<f64>> {
        match self {
            Self::Shared(metrics) => {
                let of_group =
                    |one: &(usize, _), other: &(usize, _)| groups[one.0] == groups[other.0];
                let of_groups = gradients.chunk_by(of_group).flat_map(|own| {
                    let all: Vec<&[f64]> = own.iter().map(|(_, gradient)| *gradient).collect();
                    metrics[&groups[own[0].0]].inverse_of(&all)
                });
                of_groups.collect()
            }
            Self::Own(metrics) => gradients
                .iter()
                .map(|(model, gradient)| metrics[model].inverse_of(gradient))
                .collect(),
        }
    }
}

impl Pass<'_> {
    /// Metrics of groups whose rows bend their losses so, from what was known of them where that is near.
    fn metrics(
        &self,
        curvatures: Vec<Curvature>,
        grams: &mut BTreeMap<usize, Arc<Gram>>,
    ) -> Result<Metrics, HeadError> {
        let mut metrics = BTreeMap::new();
        for Curvature { group, of_rows } in curvatures {
            let known = grams.get(&group).filter(|gram| gram.is_near(&of_rows));
            let gram = match known {
                Some(gram) => Arc::clone(gram),
                None => Arc::new(Gram::new(self.problem.table, of_rows.clone())?),
            };
            let first = self.groups.partition_point(|other| *other < group);
            let end = self.groups.partition_point(|other| *other <= group);
            let metric = Metric::new(&gram, &self.own[first..end], &of_rows, self.c[first])?;
            grams.insert(group, gram);
            metrics.insert(group, metric);
        }
        Ok(Metrics::Shared(metrics))
    }
}

/// Models on their way.
struct Race<'a> {
    pass: Pass<'a>,
    metrics: Metrics,
    descents: Vec<Descent>,
    /// Models that are not solved yet.
    active: Vec<usize>,
    accuracy: Accuracy,
}

impl Race<'_> {
    /// Gives every active model its own Hessian, from where it stands.
    fn own_metrics(&mut self) -> Result<(), HeadError> {
        let (pass, descents) = (&self.pass, &self.descents);
        let own = |model: &usize| {
            let weights = &descents[*model].weights;
            let point = Point {
                model: *model,
                weights,
            };
            let curvatures = pass.run(&[point])?.curvatures;
            let curvature = &curvatures[0].of_rows;
            let table = pass.problem.table;
            let newton = Newton::new(table, &pass.own[*model], curvature, pass.c[*model])?;
            Ok((*model, newton))
        };
        let metrics: Result<_, HeadError> = self.active.par_iter().map(own).collect();
        self.metrics = Metrics::Own(metrics?);
        Ok(())
    }

    /// Those of groups with a model that is not solved yet.
    fn on_their_way(&self, mut curvatures: Vec<Curvature>) -> Vec<Curvature> {
        let groups = self.active.iter().map(|model| self.pass.groups[*model]);
        let groups: BTreeSet<usize> = groups.collect();
        curvatures.retain(|one| groups.contains(&one.group));
        curvatures
    }

    /// Sets every active model off under its metric.
    fn begin(&mut self) {
        let all = self.active.clone();
        let gradients = all.iter().map(|model| {
            let gradient: &[f64] = &self.descents[*model].gradient;
            (*model, gradient)
        });
        let gradients: Vec<_> = gradients.collect();
        let turned = self.metrics.inverse_of(&gradients, self.pass.groups);
        for (model, turned) in all.into_iter().zip(turned) {
            self.descents[model].begin(turned);
        }
        self.leave_solved();
    }

    /// Tries one point of every active model; gives the curvatures there.
    fn step(&mut self) -> Result<Vec<Curvature>, HeadError> {
        let trials: Vec<Vec<f64>> = self
            .active
            .iter()
            .map(|model| self.descents[*model].trial())
            .collect();
        let points = self.active.iter().zip(&trials);
        let points: Vec<Point<'_>> = points
            .map(|(model, weights)| Point {
                model: *model,
                weights,
            })
            .collect();
        let Passed {
            evaluated,
            curvatures,
        } = self.pass.run(&points)?;
        let (mut accepted, mut stuck) = (Vec::new(), Vec::new());
        for (model, found) in self.active.iter().zip(evaluated) {
            match self.descents[*model].judge(found.value, &found.gradient) {
                Trial::Accepted => accepted.push((*model, found)),
                Trial::Shorten => {}
                Trial::Stuck => stuck.push(*model),
            }
        }
        let gradients = accepted.iter().map(|(model, found)| {
            let gradient: &[f64] = &found.gradient;
            (*model, gradient)
        });
        let gradients: Vec<_> = gradients.collect();
        let turned = self.metrics.inverse_of(&gradients, self.pass.groups);
        for ((model, found), turned) in accepted.into_iter().zip(turned) {
            self.descents[model].advance(found.value, found.gradient, turned);
        }
        self.active.retain(|model| !stuck.contains(model));
        self.leave_solved();
        Ok(curvatures)
    }

    fn leave_solved(&mut self) {
        let (descents, accuracy) = (&mut self.descents, self.accuracy);
        self.active.retain(|model| {
            let descent = &mut descents[*model];
            let gap = relative_gap(descent);
            gap > accuracy.relative_gap && (descent.in_vain() < IN_VAIN || gap > ROUNDING)
        });
    }

    fn finish(self) -> Vec<Optimum> {
        let Problem { table, .. } = self.pass.problem;
        let optimum = |(descent, own): (Descent, &Standard)| Optimum {
            head: LinearHead::unfold(&descent.weights, own, table),
            relative_gap: relative_gap(&descent),
            value: descent.value,
            passes: descent.passes,
            weights: descent.weights,
        };
        self.descents
            .into_iter()
            .zip(self.pass.own)
            .map(optimum)
            .collect()
    }
}

fn relative_gap(descent: &Descent) -> f64 {
    descent.gap() / descent.value.max(f64::MIN_POSITIVE)
}
