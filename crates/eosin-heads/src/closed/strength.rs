//! Fitting heads in closed form, and choosing their strengths on inner folds.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::fitting::Fitting;
use super::form::{ClosedForm, ClosedHead};
use super::neighbours::{NeighbourHead, count, rows_of};
use super::scatter::Sums;
use crate::choice::Tried;
use crate::error::HeadError;
use crate::inner::InnerFolds;
use crate::judge::{judge, judges_all};
use crate::linear::LinearHead;
use crate::loss::Targets;
use crate::part::{Standard, TrainingPart};
use crate::pass::{Point, logits};
use crate::problem::Problem;
use crate::shrink::Shrunk;
use crate::solve::Pulse;
use crate::table::Table;

/// The largest factor of what an embedding adds to the logits of the shares of the classes.
const MOST_KEPT: f64 = 4096.0;

/// The strength of one choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Strength {
    /// As [`ClosedForm`] has it: where log loss is least; of equals the simplest model.
    pub strength: f64,
    /// The factor of what the embedding adds to the logits of the shares of the classes.
    pub kept: f64,
    /// All that were tried, the simplest model first.
    pub tried: Vec<Tried>,
}

/// Chooses one of `strengths` for each choice of `inner`, of those that single precision can hold.
/// `None` where there is none, or the inner folds of a choice judge no patch of a class, so that they
/// can choose nothing.
///
/// # Errors
/// When embeddings cannot be read, or `pulse` ends the work.
pub fn choose_strength(
    form: ClosedForm,
    table: &Table<'_>,
    targets: Targets<'_>,
    inner: &InnerFolds,
    strengths: &[f64],
    pulse: &mut Pulse<'_>,
) -> Result<Vec<Option<Strength>>, HeadError> {
    let models = inner.usable(&targets);
    if models.is_empty() {
        return Ok(vec![None; inner.choices]);
    }
    let parts: Vec<TrainingPart> = models.iter().map(|model| model.part.clone()).collect();
    let problem = Problem {
        table,
        targets,
        parts: &parts,
    };
    let judged: Vec<Vec<usize>> = models
        .iter()
        .map(|model| {
            model
                .judges
                .iter()
                .flat_map(|judging| judging.patches.clone())
                .collect()
        })
        .collect();
    let said = says(form, &problem, &judged, strengths, pulse)?;
    let able = |at: &usize| said.iter().all(|said| said.able[*at]);
    let able: Vec<usize> = (0..strengths.len()).filter(able).collect();
    let shrunk: Vec<_> = able
        .par_iter()
        .map(|at| {
            let logits = |model: usize, patch: usize| said[model].logits[&patch][*at].clone();
            judge(&models, &targets, inner.choices, MOST_KEPT, logits)
        })
        .collect();
    let choice = |choice: usize| {
        if !judges_all(&models, &targets, choice) {
            return None;
        }
        let tried = |(at, judged): (&usize, &Vec<Shrunk>)| Tried {
            strength: strengths[*at],
            log_loss: judged[choice].loss,
        };
        let tried: Vec<Tried> = able.iter().zip(&shrunk).map(tried).collect();
        let mut best = 0;
        for (at, one) in tried.iter().enumerate() {
            if one.log_loss < tried[best].log_loss {
                best = at;
            }
        }
        Some(Strength {
            strength: tried.get(best)?.strength,
            kept: shrunk[best][choice].kept,
            tried,
        })
    };
    Ok((0..inner.choices).map(choice).collect())
}

/// What a model says of the patches that it judges.
struct Said {
    /// Of a patch, the logits (one a column) at each strength.
    logits: BTreeMap<usize, Vec<Vec<f32>>>,
    /// Whether there is a model at each strength; where not, the logits mean nothing.
    able: Vec<bool>,
}

fn says(
    form: ClosedForm,
    problem: &Problem<'_>,
    judged: &[Vec<usize>],
    strengths: &[f64],
    pulse: &mut Pulse<'_>,
) -> Result<Vec<Said>, HeadError> {
    let own = Standard::of(problem.table, problem.parts)?;
    if form == ClosedForm::Neighbours {
        return of_neighbours(problem, &own, judged, strengths, pulse);
    }
    let sums = Sums::new(problem.table, problem.targets, problem.parts)?;
    let (means, columns) = (problem.table.orbit_means()?, problem.targets.columns());
    let width = problem.table.width();
    let mut said = Vec::new();
    // Some at a time: each needs a few matrices of its own.
    let places: Vec<usize> = (0..problem.parts.len()).collect();
    for places in places.chunks(2 * rayon::current_num_threads()) {
        pulse()?;
        let some = places.par_iter().map(|at| {
            let prior = prior(&problem.parts[*at], &problem.targets);
            let scatter = sums.of_part(*at, &own[*at]);
            let weights = form.linear(&scatter, fitting(problem, &own, *at, &prior), strengths);
            let able = weights.iter().map(Option::is_some).collect();
            let nothing = vec![0.0; columns * (width + 1)];
            let points: Vec<Point<'_>> = weights
                .iter()
                .map(|weights| Point {
                    model: *at,
                    weights: weights.as_ref().unwrap_or(&nothing),
                })
                .collect();
            let rows = rows_of(&means, width, &judged[*at]);
            let all = logits(&rows, &own, width, &points);
            let of_row = all.chunks_exact(points.len() * columns);
            let of_row = of_row.map(|row| row.chunks_exact(columns).map(<[f32]>::to_vec).collect());
            Said {
                logits: judged[*at].iter().copied().zip(of_row).collect(),
                able,
            }
        });
        said.extend(some.collect::<Vec<_>>());
    }
    Ok(said)
}

fn of_neighbours(
    problem: &Problem<'_>,
    own: &[Standard],
    judged: &[Vec<usize>],
    strengths: &[f64],
    pulse: &mut Pulse<'_>,
) -> Result<Vec<Said>, HeadError> {
    let counts: Vec<usize> = strengths.iter().map(|strength| count(*strength)).collect();
    let (raw, width) = (problem.table.raw_means()?, problem.table.width());
    let mut said = Vec::new();
    for (at, judged) in judged.iter().enumerate() {
        pulse()?;
        let prior = prior(&problem.parts[at], &problem.targets);
        let head = NeighbourHead::new(fitting(problem, own, at, &prior), counts[0], &raw);
        let votes = head.votes_of(&rows_of(&raw, width, judged), &counts);
        let column = |logits: Vec<f32>| match logits[..] {
            [zero, one] => vec![one - zero],
            _ => logits,
        };
        let of_row = votes
            .into_iter()
            .map(|row| row.into_iter().map(column).collect());
        said.push(Said {
            logits: judged.iter().copied().zip(of_row).collect(),
            able: vec![true; counts.len()],
        });
    }
    Ok(said)
}

/// The head of each part of `problem`, with the strength that belongs to it.
///
/// # Errors
/// When a part lacks a class, a strength is too weak, embeddings cannot be read, or `pulse` ends the
/// work.
///
/// # Panics
/// When there are not as many strengths as parts.
pub fn fit(
    form: ClosedForm,
    problem: &Problem<'_>,
    strengths: &[Strength],
    pulse: &mut Pulse<'_>,
) -> Result<Vec<ClosedHead>, HeadError> {
    assert_eq!(strengths.len(), problem.parts.len(), "a strength a part");
    problem.refuse_missing()?;
    let own = Standard::of(problem.table, problem.parts)?;
    let heads = match form {
        ClosedForm::Neighbours => neighbour_heads(problem, &own, strengths, pulse)?,
        _ => linear_heads(form, problem, &own, strengths, pulse)?,
    };
    let shrunk = heads.into_iter().zip(strengths).zip(problem.parts);
    Ok(shrunk
        .map(|((head, strength), part)| head.shrunk(strength.kept, &part.prior(&problem.targets)))
        .collect())
}

fn linear_heads(
    form: ClosedForm,
    problem: &Problem<'_>,
    own: &[Standard],
    strengths: &[Strength],
    pulse: &mut Pulse<'_>,
) -> Result<Vec<ClosedHead>, HeadError> {
    let sums = Sums::new(problem.table, problem.targets, problem.parts)?;
    let mut heads = Vec::new();
    for (at, strength) in strengths.iter().enumerate() {
        pulse()?;
        let prior = prior(&problem.parts[at], &problem.targets);
        let fitting = fitting(problem, own, at, &prior);
        let scatter = sums.of_part(at, &own[at]);
        let strength = strength.strength;
        let weights = form.linear(&scatter, fitting, &[strength]).remove(0);
        let weights = weights.ok_or(HeadError::TooWeak { strength })?;
        let head = LinearHead::unfold(&weights, &own[at], problem.table);
        heads.push(ClosedHead::Linear(head));
    }
    Ok(heads)
}

fn neighbour_heads(
    problem: &Problem<'_>,
    own: &[Standard],
    strengths: &[Strength],
    pulse: &mut Pulse<'_>,
) -> Result<Vec<ClosedHead>, HeadError> {
    let raw = problem.table.raw_means()?;
    let mut heads = Vec::new();
    for (at, strength) in strengths.iter().enumerate() {
        pulse()?;
        let prior = prior(&problem.parts[at], &problem.targets);
        let fitting = fitting(problem, own, at, &prior);
        let head = NeighbourHead::new(fitting, count(strength.strength), &raw);
        heads.push(ClosedHead::Neighbours(head));
    }
    Ok(heads)
}

fn fitting<'a>(
    problem: &Problem<'a>,
    own: &'a [Standard],
    at: usize,
    prior: &'a [f64],
) -> Fitting<'a> {
    Fitting {
        table: problem.table,
        targets: problem.targets,
        part: &problem.parts[at],
        own: &own[at],
        prior,
    }
}

/// Logits of the shares of the classes, one a class.
fn prior(part: &TrainingPart, targets: &Targets<'_>) -> Vec<f64> {
    let masses = part.masses(targets);
    let sum: f64 = masses.iter().sum();
    masses.iter().map(|mass| (mass / sum).ln()).collect()
}
