//! How members go together.

use serde::{Deserialize, Serialize};

use eosin_metrics::Metric;

use crate::error::EnsembleError;
use crate::joined::JoinedShares;
use crate::methods::geometric::mean_logits;
use crate::methods::hard::likeliest;
use crate::pool::Pool;
use crate::shapley::Coalitions;

/// How some members of a pool go together. Matrices are `[members][members]`, in the order of
/// `members`, and symmetric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Harmony {
    /// Places of the members in the pool.
    pub members: Vec<usize>,
    /// The metric of shares.
    pub select: Metric,
    /// Share of patches that exactly one of two members gets right (Skalak 1996).
    pub disagreement: Vec<Vec<f64>>,
    /// Share of patches that both get wrong (Giacinto & Roli 2001).
    pub double_fault: Vec<Vec<f64>>,
    /// Yule's Q of being right, `(ad - bc) / (ad + bc)` with `a` both right, `d` both wrong: 1 where one
    /// is never right without the other, 0 where they err independently (Kuncheva & Whitaker, Machine
    /// Learning 2003). `None` where it is 0/0.
    pub q_statistic: Vec<Vec<Option<f64>>>,
    /// Correlation of their errors, the phi coefficient of being wrong. `None` where one is always
    /// right or always wrong.
    pub error_correlation: Vec<Vec<Option<f64>>>,
    /// What each member brings.
    pub shares: Vec<MemberShare>,
    /// The metric of the mean logits of all; `None` where it is undefined.
    pub together: Option<f64>,
    /// The metric of no member at all: of the shares of the classes, which are 0.5 in AUROC.
    pub empty: Option<f64>,
    /// What each member brings to the head of the ensemble, where there is one on all embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<JoinedShares>,
}

/// What a member brings to the mean of logits, or to one head on all embeddings. Gains are positive where the metric is better with it,
/// also where less is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberShare {
    /// Place in the pool.
    pub member: usize,
    /// Its own metric.
    pub score: Option<f64>,
    /// What all gain over all others.
    pub leave_one_out: Option<f64>,
    /// Its Shapley value: what it gains those that came before it, mean over all orders. They sum to
    /// what all gain over none (Shapley 1953; for ensembles Rozemberczki & Sarkar 2021).
    pub shapley: Option<f64>,
}

/// How the members `subset` of `pool` go together; `select` is the metric of shares.
///
/// # Errors
/// When a member is not in the pool or named twice, there are more than 12, or a metric cannot be
/// computed.
pub fn harmony(pool: &Pool, subset: &[usize], select: Metric) -> Result<Harmony, EnsembleError> {
    pool.check_subset(subset)?;
    let right: Vec<Vec<bool>> = subset.iter().map(|member| right(pool, *member)).collect();
    let coalitions = Coalitions::new(pool, subset, select)?;
    Ok(Harmony {
        members: subset.to_vec(),
        select,
        disagreement: matrix(&right, Table::disagreement),
        double_fault: matrix(&right, Table::double_fault),
        q_statistic: matrix(&right, Table::q_statistic),
        error_correlation: matrix(&right, Table::error_correlation),
        shares: coalitions.shares(subset),
        together: coalitions.all(),
        empty: coalitions.empty(),
        joined: None,
    })
}

/// Whether a member is right, of each patch.
fn right(pool: &Pool, member: usize) -> Vec<bool> {
    let logits = mean_logits(pool.said(), &[member]);
    let rows = logits.chunks_exact(pool.labels().classes);
    let rows = rows.zip(&pool.labels().targets);
    rows.map(|(row, target)| likeliest(row) == *target)
        .collect()
}

fn matrix<T>(right: &[Vec<bool>], of: impl Fn(&Table) -> T) -> Vec<Vec<T>> {
    let row = |one: &Vec<bool>| {
        let pairs = right.iter().map(|other| of(&Table::new(one, other)));
        pairs.collect()
    };
    right.iter().map(row).collect()
}

/// Patches by which of two members are right.
struct Table {
    both: f64,
    one: f64,
    other: f64,
    neither: f64,
}

impl Table {
    fn new(one: &[bool], other: &[bool]) -> Self {
        let count = |of_one: bool, of_other: bool| {
            let pairs = one.iter().zip(other);
            pairs.filter(|pair| *pair == (&of_one, &of_other)).count() as f64
        };
        Self {
            both: count(true, true),
            one: count(true, false),
            other: count(false, true),
            neither: count(false, false),
        }
    }

    fn all(&self) -> f64 {
        self.both + self.one + self.other + self.neither
    }

    fn disagreement(&self) -> f64 {
        (self.one + self.other) / self.all()
    }

    fn double_fault(&self) -> f64 {
        self.neither / self.all()
    }

    fn q_statistic(&self) -> Option<f64> {
        let (same, mixed) = (self.both * self.neither, self.one * self.other);
        over(same - mixed, same + mixed)
    }

    fn error_correlation(&self) -> Option<f64> {
        let sides = [
            self.both + self.one,
            self.both + self.other,
            self.neither + self.one,
            self.neither + self.other,
        ];
        let product: f64 = sides.iter().product();
        over(
            self.both * self.neither - self.one * self.other,
            product.sqrt(),
        )
    }
}

fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_worked_by_hand() {
        let table = Table {
            both: 5.0,
            one: 2.0,
            other: 1.0,
            neither: 2.0,
        };
        assert!((table.disagreement() - 0.3).abs() < 1e-12);
        assert!((table.double_fault() - 0.2).abs() < 1e-12);
        assert!((table.q_statistic().unwrap() - 8.0 / 12.0).abs() < 1e-12);
        let expected = 8.0 / (7.0 * 6.0 * 4.0 * 3.0_f64).sqrt();
        assert!((table.error_correlation().unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn members_that_never_err_have_no_correlation_of_errors() {
        let table = Table::new(&[true, true], &[true, false]);
        assert_eq!(
            (table.q_statistic(), table.error_correlation()),
            (None, None)
        );
    }
}
