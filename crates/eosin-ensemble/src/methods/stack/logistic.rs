//! Logistic regression.
//!
//! `min_(w, b) 1/n sum_i loss_i + lambda / 2 sum_m (s_m w_m)^2`, for two classes scikit-learn's
//! `LogisticRegression(C = 1 / (lambda n))` on standardised log odds, by Newton's method.

use crate::solve::solve;

use super::model::{Model, dot};
use super::rows::{FoldRows, Rows};
use super::two_classes;

/// Passes over the rows at most.
const PASSES: usize = 60;

/// How exactly a model is fitted: by how much its mean loss is above the least at most, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gap(pub f64);

impl Gap {
    /// Weights to five digits or more.
    pub const FULL: Self = Self(1e-11);
    /// Enough to tell strengths apart.
    pub const INNER: Self = Self(1e-6);
}

/// Without some folds, from another model or from nothing; `lambda` is the strength a row.
pub(crate) fn fit(
    rows: &Rows,
    without: &[usize],
    lambda: f64,
    gap: Gap,
    start: Option<&Model>,
) -> Model {
    let (members, classes) = (rows.members, rows.classes);
    let sums = rows.sums(without);
    let descent = Descent {
        rows,
        without,
        count: sums.rows(),
        penalties: sums.variances().iter().map(|v| lambda * v).collect(),
    };
    let mut at = match start {
        Some(model) => [&model.weights[..], &model.bias[1..]].concat(),
        None => vec![0.0; members + classes - 1],
    };
    let mut here = descent.look(&at);
    for _ in 0..PASSES {
        let step = solve(&mut here.curvature.clone(), here.slopes.clone());
        if dot(&step, &here.slopes) / 2.0 <= gap.0 {
            break;
        }
        let Some((next, there)) = descent.go(&at, &here, &step) else {
            break;
        };
        (at, here) = (next, there);
    }
    Model {
        weights: at[..members].to_vec(),
        bias: std::iter::once(0.0)
            .chain(at[members..].iter().copied())
            .collect(),
        prior: vec![0.0; classes],
        kept: 1.0,
    }
}

struct Descent<'a> {
    rows: &'a Rows,
    without: &'a [usize],
    count: f64,
    penalties: Vec<f64>,
}

/// The objective about a point.
pub(super) struct Here {
    pub value: f64,
    pub slopes: Vec<f64>,
    /// Of which the lower half is filled.
    pub curvature: Vec<f64>,
}

impl Descent<'_> {
    /// Along a step as far as the objective falls enough; `None` where it does nowhere.
    fn go(&self, at: &[f64], here: &Here, step: &[f64]) -> Option<(Vec<f64>, Here)> {
        let falls = dot(step, &here.slopes);
        let mut share = 1.0;
        while share > 1e-8 {
            let pairs = at.iter().zip(step);
            let next: Vec<f64> = pairs.map(|(at, by)| at - share * by).collect();
            let there = self.look(&next);
            if there.value <= here.value - 1e-4 * share * falls {
                return Some((next, there));
            }
            share *= 0.5;
        }
        None
    }

    fn look(&self, at: &[f64]) -> Here {
        let (classes, width) = (self.rows.classes, at.len());
        let mut here = Here {
            value: 0.0,
            slopes: vec![0.0; width],
            curvature: vec![0.0; width * width],
        };
        for fold in self.rows.rest(self.without) {
            if classes == 2 {
                two_classes::add(fold, at, &mut here);
            } else {
                add(fold, at, &mut here);
            }
        }
        here.value /= self.count;
        for value in here.slopes.iter_mut().chain(&mut here.curvature) {
            *value /= self.count;
        }
        for (member, penalty) in self.penalties.iter().enumerate() {
            here.value += 0.5 * penalty * at[member].powi(2);
            here.slopes[member] += penalty * at[member];
            here.curvature[member * (width + 1)] += penalty;
        }
        here
    }
}

/// The same as [`two_classes::add`] of any number of classes.
fn add(fold: &FoldRows, at: &[f64], here: &mut Here) {
    let width = at.len();
    let classes = fold.sums.counts.len();
    let members = width - (classes - 1);
    let mut row = Row {
        away: vec![0.0; (classes - 1) * width],
        logits: vec![0.0; classes],
        mean: vec![0.0; width],
    };
    for class in 1..classes {
        row.away[(class - 1) * width + members + class - 1] = 1.0;
    }
    let values = fold.about.chunks_exact(classes * members);
    for (values, target) in values.zip(&fold.targets) {
        row.read(values, members, at);
        row.add(here, *target);
    }
}

/// One row, every class less the first.
struct Row {
    /// What the logit of each class but the first is made of, `[classes - 1, width]`.
    away: Vec<f64>,
    logits: Vec<f64>,
    mean: Vec<f64>,
}

impl Row {
    fn read(&mut self, values: &[f64], members: usize, at: &[f64]) {
        let (first, others) = values.split_at(members);
        let away = self.away.chunks_exact_mut(at.len());
        let others = others.chunks_exact(members);
        for ((away, values), logit) in away.zip(others).zip(&mut self.logits[1..]) {
            for ((away, value), first) in away.iter_mut().zip(values).zip(first) {
                *away = value - first;
            }
            *logit = dot(away, at);
        }
    }

    fn add(&mut self, here: &mut Here, target: usize) {
        let width = self.mean.len();
        let largest = self
            .logits
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let wanted = self.logits[target] - largest;
        let mut sum = 0.0;
        for logit in &mut self.logits {
            *logit = (*logit - largest).exp();
            sum += *logit;
        }
        here.value += sum.ln() - wanted;
        self.mean.fill(0.0);
        let probs = self.logits[1..].iter().map(|exp| exp / sum);
        for (class, (away, prob)) in self.away.chunks_exact(width).zip(probs).enumerate() {
            let miss = prob - if target == class + 1 { 1.0 } else { 0.0 };
            for (at, value) in away.iter().enumerate() {
                self.mean[at] += prob * value;
                here.slopes[at] += miss * value;
                let scaled = prob * value;
                let curvature = &mut here.curvature[at * width..=at * (width + 1)];
                for (sum, other) in curvature.iter_mut().zip(away) {
                    *sum += scaled * other;
                }
            }
        }
        for (at, mean) in self.mean.iter().enumerate() {
            let curvature = &mut here.curvature[at * width..=at * (width + 1)];
            for (sum, other) in curvature.iter_mut().zip(&self.mean) {
                *sum -= mean * other;
            }
        }
        self.logits[0] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Labels;
    use crate::said::Said;

    #[test]
    fn two_classes_are_what_any_number_of_classes_are() {
        let noise = |at: usize| ((at * 37) % 101) as f32 / 20.0 - 2.5;
        let members: Vec<Vec<f32>> = (0..3)
            .map(|member| (0..300).map(|at| noise(at * (member + 3))).collect())
            .collect();
        let members: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        let labels = Labels {
            targets: (0..150).map(|at| at * at % 7 % 2).collect(),
            classes: 2,
            positive: 1,
            folds: vec![0; 150],
            groups: (0..150).collect(),
        };
        let rows = Rows::new(&Said::new(&members, 2), &labels);
        let at = [0.3, -0.2, 1.1, 0.4];
        let empty = || Here {
            value: 0.0,
            slopes: vec![0.0; 4],
            curvature: vec![0.0; 16],
        };
        let (mut one, mut other) = (empty(), empty());
        two_classes::add(&rows.folds[0], &at, &mut one);
        add(&rows.folds[0], &at, &mut other);
        assert!((one.value - other.value).abs() < 1e-9);
        let ones = one.slopes.iter().chain(&one.curvature);
        for (one, other) in ones.zip(other.slopes.iter().chain(&other.curvature)) {
            assert!((one - other).abs() < 1e-9, "{one} {other}");
        }
    }
}
