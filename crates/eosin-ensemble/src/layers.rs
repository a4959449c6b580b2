//! What a method says of patches that it was not fitted on, at both depths.

use eosin_metrics::Metric;

use crate::combiner::{Combiner, Fitted, linear_of};
use crate::error::EnsembleError;
use crate::left_out::{Depth, LeftOut, Ranks};
use crate::method::Method;
use crate::methods::rank;
use crate::methods::stack::{self, Inner, Model, Path, Stacking};
use crate::pool::Pool;
use crate::said::Said;

/// Logits of one subset and method.
pub(crate) struct Layers {
    /// Of all patches, `[patches, classes]`: each fold by what was fitted without it.
    pub outer: Vec<f32>,
    /// For each fold the same of the patches outside it: each other fold by what was fitted without
    /// either. What nothing was fitted for is the same at both depths, and left empty here.
    inner: Vec<Vec<f32>>,
    /// What was fitted without each fold.
    pub combiners: Vec<Combiner>,
}

impl Layers {
    /// Logits of all patches, of which those outside `fold` are made without it.
    pub fn without(&self, fold: usize) -> &[f32] {
        self.inner.get(fold).unwrap_or(&self.outer)
    }
}

/// Makes layers of subsets of a pool.
pub(crate) struct Bench<'a> {
    pub pool: &'a Pool,
    pub metric: Metric,
    depth: Depth,
    left_out: Vec<LeftOut>,
}

impl<'a> Bench<'a> {
    /// # Errors
    /// When one of the methods is fitted and there are too few folds.
    pub fn new(
        pool: &'a Pool,
        metric: Metric,
        methods: &[Method],
        depth: Depth,
    ) -> Result<Self, EnsembleError> {
        let is_fitted = methods.iter().any(|method| method.is_fitted());
        let (needed, purpose) = match (depth, is_fitted) {
            (Depth::Outer, false) => (1, "judge members"),
            (Depth::Outer, true) => (2, "judge a method that is fitted"),
            (Depth::Inner, false) => (2, "judge a choice on patches that it has not seen"),
            (Depth::Inner, true) => (3, "judge a choice among fitted methods"),
        };
        if pool.folds() < needed {
            return Err(EnsembleError::TooFewFolds {
                folds: pool.folds(),
                needed,
                purpose,
            });
        }
        let ranks = if methods.contains(&Method::Rank) {
            Ranks::Wanted
        } else {
            Ranks::Unwanted
        };
        let left_out = if is_fitted {
            LeftOut::all(pool, depth, ranks)
        } else {
            Vec::new()
        };
        Ok(Self {
            pool,
            metric,
            depth,
            left_out,
        })
    }

    /// Of a subset under each method.
    ///
    /// # Errors
    /// When what is left without some folds lacks a class.
    pub fn layers(
        &self,
        subset: &[usize],
        methods: &[Method],
    ) -> Result<Vec<Layers>, EnsembleError> {
        let mut trained: Vec<Option<Said>> = self.left_out.iter().map(|_| None).collect();
        let mut rows = None;
        let of_method = |method: &Method| match method {
            Method::Hard | Method::Soft | Method::Geometric | Method::Power => {
                self.unfitted(subset, *method)
            }
            Method::Concat => {
                let joined = self.pool.joined(subset);
                let outer = joined.ok_or(EnsembleError::NotJoined)?.to_vec();
                Ok(Layers {
                    outer,
                    inner: Vec::new(),
                    combiners: Vec::new(),
                })
            }
            Method::Rank | Method::Weighted | Method::Greedy => {
                self.fitted(subset, *method, &mut trained)
            }
            Method::Logistic | Method::Ridge => {
                let rows = rows.get_or_insert_with(|| {
                    let all: Vec<usize> = (0..self.pool.patches()).collect();
                    stack::Rows::new(&self.pool.said().pick(subset, &all), self.pool.labels())
                });
                let kind = match method {
                    Method::Logistic => Stacking::Logistic,
                    _ => Stacking::Ridge,
                };
                self.stacked(*method, kind, rows)
            }
        };
        methods.iter().map(of_method).collect()
    }

    fn unfitted(&self, subset: &[usize], method: Method) -> Result<Layers, EnsembleError> {
        let combiner = Combiner::unfitted(method, subset.len(), self.pool.labels().classes)?;
        let said = self.pool.said().of_members(subset);
        Ok(Layers {
            outer: combiner.logits_said(&said),
            inner: Vec::new(),
            combiners: vec![combiner; self.pool.folds()],
        })
    }

    /// `trained` is what members say of the patches trained on, shared by the methods.
    fn fitted(
        &self,
        subset: &[usize],
        method: Method,
        trained: &mut [Option<Said>],
    ) -> Result<Layers, EnsembleError> {
        let said = self.pool.said();
        let mut layers = self.empty();
        for (set, trained) in self.left_out.iter().zip(trained) {
            let (combiner, logits) = if method == Method::Rank {
                ranked(set, subset)?
            } else {
                let trained = trained.get_or_insert_with(|| said.pick(subset, &set.trained));
                let combiner = Combiner::fit_said(method, trained, &set.labels, self.metric)?;
                let logits = combiner.logits_said(&said.pick(subset, &set.judged));
                (combiner, logits)
            };
            self.place(&mut layers, &set.folds, &logits);
            if set.folds.len() == 1 {
                layers.combiners.push(combiner);
            }
        }
        Ok(layers)
    }

    /// For each fold the strength is chosen by the models without it and one other, which at
    /// [`Depth::Inner`] are those that judge the other.
    fn stacked(
        &self,
        method: Method,
        kind: Stacking,
        rows: &stack::Rows,
    ) -> Result<Layers, EnsembleError> {
        let folds = self.pool.folds();
        let paths = Paths::new(kind, rows);
        let mut layers = self.empty();
        for fold in 0..folds {
            let others = (0..folds).filter(|other| *other != fold);
            let inner = others.clone().filter_map(|other| {
                let path = paths.of(fold, other)?;
                Some(Inner { path, fold: other })
            });
            self.refuse_missing(method, &[fold])?;
            let chosen = stack::choose(kind, rows, inner);
            let (model, chosen) = stack::fit(kind, rows, &[fold], chosen);
            self.place(&mut layers, &[fold], &judged(&model, rows, fold));
            let fitted = linear_of(&model);
            let classes = rows.classes;
            layers
                .combiners
                .push(Combiner::checked(method, rows.members, classes, fitted)?);
            if self.depth == Depth::Outer {
                continue;
            }
            for other in others {
                self.refuse_missing(method, &[fold, other])?;
                if let Some(path) = paths.of(fold, other) {
                    let logits = judged(&chosen.of(path), rows, other);
                    self.write(&mut layers.inner[fold], other, &logits);
                }
            }
        }
        Ok(layers)
    }

    fn refuse_missing(&self, method: Method, folds: &[usize]) -> Result<(), EnsembleError> {
        let set = self.left_out.iter().find(|set| {
            let both = set.folds.iter().all(|fold| folds.contains(fold));
            both && set.folds.len() == folds.len()
        });
        match set.and_then(|set| set.labels.missing_class()) {
            Some(class) => Err(EnsembleError::ClassMissing { method, class }),
            None => Ok(()),
        }
    }

    fn empty(&self) -> Layers {
        let zeros = vec![0.0; self.pool.patches() * self.pool.labels().classes];
        let inner = match self.depth {
            Depth::Outer => 0,
            Depth::Inner => self.pool.folds(),
        };
        Layers {
            inner: vec![zeros.clone(); inner],
            outer: zeros,
            combiners: Vec::new(),
        }
    }

    /// Logits of the patches that were left out, one fold after another, to where they belong.
    fn place(&self, layers: &mut Layers, folds: &[usize], logits: &[f32]) {
        match folds {
            [fold] => self.write(&mut layers.outer, *fold, logits),
            [one, other] => {
                let first = self.pool.parts()[*one].len() * self.pool.labels().classes;
                self.write(&mut layers.inner[*other], *one, &logits[..first]);
                self.write(&mut layers.inner[*one], *other, &logits[first..]);
            }
            _ => {}
        }
    }

    fn write(&self, to: &mut [f32], fold: usize, logits: &[f32]) {
        let classes = self.pool.labels().classes;
        let rows = logits.chunks_exact(classes);
        for (patch, row) in self.pool.parts()[fold].iter().zip(rows) {
            to[patch * classes..][..classes].copy_from_slice(row);
        }
    }
}

fn ranked(set: &LeftOut, subset: &[usize]) -> Result<(Combiner, Vec<f32>), EnsembleError> {
    let classes = set.labels.classes;
    if let Some(class) = set.labels.missing_class() {
        let method = Method::Rank;
        return Err(EnsembleError::ClassMissing { method, class });
    }
    let knots = subset.iter().map(|member| set.knots[*member].clone());
    let fitted = Fitted::Ranks(knots.collect());
    let combiner = Combiner::checked(Method::Rank, subset.len(), classes, fitted)?;
    let ranks: Vec<&[f32]> = subset.iter().map(|at| &set.ranked[*at][..]).collect();
    Ok((combiner, rank::logits_of_ranks(&ranks)))
}

/// Logits of a fold's patches.
fn judged(model: &Model, rows: &stack::Rows, fold: usize) -> Vec<f32> {
    let added = model.added(&rows.folds[fold]).into_iter();
    let logits = added.zip(model.prior.iter().cycle());
    let logit = |(added, prior): (f64, &f64)| crate::said::narrow(prior + model.kept * added);
    logits.map(logit).collect()
}

/// Models of all strengths without every two folds.
struct Paths {
    folds: usize,
    /// `[folds, folds]`, of which the part with a smaller second place is filled.
    all: Vec<Option<Path>>,
}

impl Paths {
    fn new(kind: Stacking, rows: &stack::Rows) -> Self {
        let folds = rows.folds.len();
        let mut all = Vec::with_capacity(folds * folds);
        for one in 0..folds {
            for other in 0..folds {
                let path = (other < one).then(|| stack::path(kind, rows, &[one, other]));
                all.push(path.flatten());
            }
        }
        Self { folds, all }
    }

    fn of(&self, one: usize, other: usize) -> Option<&Path> {
        self.all[one.max(other) * self.folds + one.min(other)].as_ref()
    }
}
