//! The strength, chosen on inner folds.

use super::logistic::Gap;
use super::model::{Model, log_sum_exp};
use super::rows::Rows;
use super::{Stacking, logistic, ridge};

/// Strengths a row that are tried, the strongest first.
const LAMBDAS: [f64; 5] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4];
/// Place of the one where nothing can choose.
const UNCHOSEN: usize = 2;
/// Steps towards the best factor.
const STEPS: usize = 60;
/// The largest factor: that of rows that it tells apart without an error has no bound.
const MOST_KEPT: f64 = 4096.0;

/// The model of each strength, without some folds.
pub(crate) type Path = Vec<Model>;

/// What inner folds choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chosen {
    /// Place of the strength.
    pub strength: usize,
    /// Factor of what the members add to the logits of the classes' shares.
    pub kept: f64,
}

impl Chosen {
    /// A model of the path, with the factor.
    pub fn of(self, path: &Path) -> Model {
        Model {
            kept: self.kept,
            ..path[self.strength].clone()
        }
    }
}

/// A path that judges a fold which it was fitted without.
pub(crate) struct Inner<'a> {
    pub path: &'a Path,
    pub fold: usize,
}

/// Of the paths without each fold, those that there are.
pub(crate) fn inner(paths: &[Option<Path>]) -> impl Iterator<Item = Inner<'_>> {
    let paths = paths.iter().enumerate();
    paths.filter_map(|(fold, path)| {
        let path = path.as_ref()?;
        Some(Inner { path, fold })
    })
}

/// The models of all strengths without some folds; `None` where a class is missing then.
pub(crate) fn path(kind: Stacking, rows: &Rows, without: &[usize]) -> Option<Path> {
    if !rows.sums(without).has_all() {
        return None;
    }
    let mut models: Path = Vec::new();
    for lambda in LAMBDAS {
        let model = match kind {
            Stacking::Logistic => logistic::fit(rows, without, lambda, Gap::INNER, models.last()),
            Stacking::Ridge => ridge::fit(rows, without, lambda),
        };
        models.push(model);
    }
    Some(models)
}

/// The strength of the least log loss, of equals the stronger; `None` where no inner fold can judge.
pub(crate) fn choose<'a>(
    kind: Stacking,
    rows: &Rows,
    inner: impl Iterator<Item = Inner<'a>>,
) -> Option<Chosen> {
    let inner: Vec<Inner<'a>> = inner.collect();
    if inner.is_empty() {
        return None;
    }
    let mut best: Option<(Chosen, f64)> = None;
    let mut start = 1.0;
    for strength in 0..LAMBDAS.len() {
        let judged = inner.iter().map(|inner| Judged {
            added: inner.path[strength].added(&rows.folds[inner.fold]),
            prior: &inner.path[strength].prior,
            targets: &rows.folds[inner.fold].targets,
        });
        let judged: Vec<Judged<'_>> = judged.collect();
        let kept = match kind {
            Stacking::Logistic => 1.0,
            Stacking::Ridge => best_factor(&judged, start),
        };
        start = kept;
        let loss = judged.iter().map(|one| one.at(kept).loss).sum::<f64>();
        if best.is_none_or(|(_, least)| loss < least) {
            best = Some((Chosen { strength, kept }, loss));
        }
    }
    best.map(|(chosen, _)| chosen)
}

/// The model without `without`, of the strength that was chosen, or of the middle one where none was.
pub(crate) fn fit(
    kind: Stacking,
    rows: &Rows,
    without: &[usize],
    chosen: Option<Chosen>,
) -> (Model, Chosen) {
    let strength = chosen.map_or(UNCHOSEN, |chosen| chosen.strength);
    let lambda = LAMBDAS[strength];
    let mut model = match kind {
        Stacking::Logistic => logistic::fit(rows, without, lambda, Gap::FULL, None),
        Stacking::Ridge => ridge::fit(rows, without, lambda),
    };
    model.kept = match (chosen, kind) {
        (Some(chosen), _) => chosen.kept,
        (None, Stacking::Logistic) => 1.0,
        (None, Stacking::Ridge) => {
            let judged = rows.rest(without).map(|fold| Judged {
                added: model.added(fold),
                prior: &model.prior,
                targets: &fold.targets,
            });
            best_factor(&judged.collect::<Vec<_>>(), 1.0)
        }
    };
    let kept = model.kept;
    (model, Chosen { strength, kept })
}

/// What a model says of a fold.
struct Judged<'a> {
    added: Vec<f64>,
    prior: &'a [f64],
    targets: &'a [usize],
}

/// A loss and its derivatives with respect to the factor.
#[derive(Clone, Copy, Default)]
struct Bend {
    loss: f64,
    slope: f64,
    curvature: f64,
}

impl Judged<'_> {
    fn at(&self, kept: f64) -> Bend {
        if let [zero, one] = self.prior {
            return self.of_two(one - zero, kept);
        }
        let mut sum = Bend::default();
        let rows = self.added.chunks_exact(self.prior.len());
        for (added, target) in rows.zip(self.targets) {
            let logits = added.iter().zip(self.prior);
            let logits = logits.map(|(added, prior)| prior + kept * added);
            let log_sum = log_sum_exp(logits.clone());
            let (mut mean, mut square) = (0.0, 0.0);
            for (logit, added) in logits.zip(added) {
                let prob = (logit - log_sum).exp();
                mean += prob * added;
                square += prob * added * added;
            }
            sum.loss += log_sum - self.prior[*target] - kept * added[*target];
            sum.slope += mean - added[*target];
            sum.curvature += square - mean * mean;
        }
        sum
    }

    /// The same of two classes, with one exponential a row.
    fn of_two(&self, prior: f64, kept: f64) -> Bend {
        let mut sum = Bend::default();
        for (added, target) in self.added.chunks_exact(2).zip(self.targets) {
            let added = added[1] - added[0];
            let z = prior + kept * added;
            let small = (-z.abs()).exp();
            let sure = 1.0 / (1.0 + small);
            let unsure = small * sure;
            let is_right = (z >= 0.0) == (*target == 1);
            sum.loss += small.ln_1p() + if is_right { 0.0 } else { z.abs() };
            let miss = if is_right { unsure } else { sure };
            sum.slope += if *target == 1 { -miss } else { miss } * added;
            sum.curvature += sure * unsure * added * added;
        }
        sum
    }
}

/// The factor of 0 or more of the least loss, which is convex in it: Newton's steps within an interval
/// that holds it.
fn best_factor(judged: &[Judged<'_>], start: f64) -> f64 {
    let (mut low, mut high, mut kept) = (0.0, MOST_KEPT, start);
    for _ in 0..STEPS {
        let (mut slope, mut curvature) = (0.0, 0.0);
        for one in judged {
            let loss = one.at(kept);
            slope += loss.slope;
            curvature += loss.curvature;
        }
        if slope > 0.0 {
            high = kept;
        } else {
            low = kept;
        }
        let newton = kept - slope / curvature;
        let next = if newton > low && newton < high {
            newton
        } else {
            f64::midpoint(low, high)
        };
        let is_near = (next - kept).abs() <= 1e-5 * kept;
        kept = next;
        if is_near || high < 1e-9 {
            break;
        }
    }
    kept
}
