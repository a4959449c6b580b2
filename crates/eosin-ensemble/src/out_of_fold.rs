//! One ensemble, judged on patches that it was not fitted on.

use eosin_metrics::Metric;

use crate::combiner::Combiner;
use crate::error::EnsembleError;
use crate::layers::Bench;
use crate::left_out::Depth;
use crate::method::Method;
use crate::pool::Pool;
use crate::score::Ruler;

/// What an ensemble says of every patch of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct OutOfFold {
    /// Logits, `[patches, classes]`: a fold's patches by the combiner that was fitted without them.
    pub logits: Vec<f32>,
    /// The combiner of each fold, in the order of [`Pool::parts`].
    pub combiners: Vec<Combiner>,
    /// The metric of all patches together; `None` where it is undefined.
    pub score: Option<f64>,
}

/// Combines the members `subset` of `pool` by `method`, each fold's patches by what was fitted on the
/// other folds. `select` is the metric of the score, and what greedy selection goes by.
///
/// # Errors
/// When a member is not in the pool or named twice, a fitted method has fewer than two folds, or the
/// patches outside a fold lack a class.
pub fn out_of_fold(
    pool: &Pool,
    subset: &[usize],
    method: Method,
    select: Metric,
) -> Result<OutOfFold, EnsembleError> {
    pool.check_subset(subset)?;
    let bench = Bench::new(pool, select, &[method], Depth::Outer)?;
    let layers = bench.layers(subset, &[method])?.remove(0);
    let ruler = Ruler {
        metric: select,
        labels: pool.labels(),
    };
    Ok(OutOfFold {
        score: ruler.score(&layers.outer)?,
        logits: layers.outer,
        combiners: layers.combiners,
    })
}
