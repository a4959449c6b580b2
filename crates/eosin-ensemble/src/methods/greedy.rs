//! Greedy selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes, ICML 2004).
//!
//! One member after another is added to the mean of probabilities, always the one with which the
//! metric is best; a member that is added again weighs more. Of the 25 ensembles on the way the best
//! is kept, of equals the smaller. The first is the best single member, so that none is worse than it
//! on what it was chosen on.

use eosin_metrics::{Metric, MetricError};

use crate::pool::Labels;
use crate::said::{Said, log_of};
use crate::score::{Ruler, Scored, auroc};

/// Members that are added.
const STEPS: u32 = 25;

/// How often each member is in the ensemble; `None` where the metric is never defined.
pub(crate) fn fit(said: &Said, ruler: &Ruler<'_>) -> Result<Option<Vec<u32>>, MetricError> {
    let members = said.members();
    let mut counts = vec![0_u32; members];
    let mut sums = vec![0.0; said.patches * said.classes];
    let mut best: Option<Kept> = None;
    for _ in 0..STEPS {
        let mut step: Option<Added> = None;
        // Those that are in first: of equals, the ensemble does not grow.
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..members).partition(|member| counts[*member] > 0);
        for member in inside.into_iter().chain(outside) {
            let score = score(&sums, &said.probs[member], ruler)?;
            let so_far = step.as_ref().and_then(|step| step.score);
            if step.is_none() || ruler.metric.is_better(score, so_far) {
                step = Some(Added { member, score });
            }
        }
        let Some(step) = step else { break };
        counts[step.member] += 1;
        for (sum, prob) in sums.iter_mut().zip(&said.probs[step.member]) {
            *sum += prob;
        }
        let so_far = best.as_ref().and_then(|best| best.score);
        if ruler.metric.is_better(step.score, so_far) {
            best = Some(Kept {
                counts: counts.clone(),
                score: step.score,
            });
        }
    }
    Ok(best.map(|best| best.counts))
}

/// The member that a step adds, and the metric with it.
struct Added {
    member: usize,
    score: Option<f64>,
}

/// The best ensemble so far.
struct Kept {
    counts: Vec<u32>,
    score: Option<f64>,
}

/// The metric of summed probabilities `[patches, classes]`, when more are added.
fn score(sums: &[f32], more: &[f32], ruler: &Ruler<'_>) -> Result<Option<f64>, MetricError> {
    if ruler.is_two_class_auroc() {
        let positive = ruler.labels.positive;
        let rows = sums.chunks_exact(2).zip(more.chunks_exact(2));
        let rows = rows.zip(&ruler.labels.targets);
        // The ratio ranks as its logarithm does, which takes longer.
        return Ok(auroc(rows.map(|((sums, more), target)| Scored {
            score: (sums[positive] + more[positive]) / (sums[1 - positive] + more[1 - positive]),
            positive: *target == positive,
        })));
    }
    if ruler.metric == Metric::LogLoss {
        return Ok(Some(log_loss(sums, more, ruler.labels)));
    }
    let pairs = sums.iter().zip(more);
    let logits: Vec<f32> = pairs.map(|(sum, more)| log_of(sum + more)).collect();
    ruler.score(&logits)
}

/// As [`Ruler::score`] has it, with one logarithm a patch.
fn log_loss(sums: &[f32], more: &[f32], labels: &Labels) -> f64 {
    let rows = sums.chunks_exact(labels.classes);
    let rows = rows.zip(more.chunks_exact(labels.classes));
    let losses = rows.zip(&labels.targets).map(|((sums, more), target)| {
        let pairs = sums.iter().zip(more);
        let whole: f64 = pairs.map(|(sum, more)| f64::from(sum + more)).sum();
        let prob = f64::from(sums[*target] + more[*target]) / whole;
        -prob.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    });
    losses.sum::<f64>() / labels.targets.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_loss_is_that_of_the_ruler() {
        let labels = labels();
        let ruler = Ruler {
            metric: Metric::LogLoss,
            labels: &labels,
        };
        let (sums, more) = ([0.2, 0.8, 0.4, 0.6, 0.1, 0.9, 1e-30, 1.0], [0.5_f32; 8]);
        let logits: Vec<f32> = sums.map(|sum: f32| (sum + 0.5).ln()).to_vec();
        let expected = ruler.score(&logits).unwrap().unwrap();
        let found = score(&sums, &more, &ruler).unwrap().unwrap();
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    fn labels() -> Labels {
        Labels {
            targets: vec![0, 0, 1, 1],
            classes: 2,
            positive: 1,
            folds: vec![0, 1, 0, 1],
            groups: vec![0, 1, 2, 3],
        }
    }

    fn counts(members: &[[f32; 4]]) -> Vec<u32> {
        let of_member = |second: &[f32; 4]| -> Vec<f32> {
            let rows = second.iter();
            rows.flat_map(|prob| [(1.0 - prob).ln(), prob.ln()])
                .collect()
        };
        let members: Vec<Vec<f32>> = members.iter().map(of_member).collect();
        let members: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        let labels = labels();
        let ruler = Ruler {
            metric: Metric::Auroc,
            labels: &labels,
        };
        fit(&Said::new(&members, 2), &ruler).unwrap().unwrap()
    }

    #[test]
    fn a_perfect_member_stays_alone() {
        assert_eq!(
            counts(&[[0.3, 0.6, 0.5, 0.9], [0.1, 0.2, 0.6, 0.7]]),
            [0, 1]
        );
        assert_eq!(
            counts(&[[0.1, 0.2, 0.6, 0.7], [0.1, 0.2, 0.6, 0.7]]),
            [1, 0]
        );
    }

    #[test]
    fn members_that_err_on_other_patches_are_taken_together() {
        // Each has one pair of patches the wrong way round, together they have none.
        let (one, other) = ([0.1, 0.6, 0.5, 0.9], [0.6, 0.1, 0.9, 0.5]);
        assert_eq!(counts(&[one, other]), [1, 1]);
    }

    #[test]
    fn a_metric_that_is_never_defined_chooses_nothing() {
        let labels = Labels {
            targets: vec![1, 1],
            folds: vec![0, 1],
            groups: vec![0, 1],
            ..labels()
        };
        let ruler = Ruler {
            metric: Metric::Auroc,
            labels: &labels,
        };
        let said = Said::new(&[&[0.0, 1.0, 0.0, 2.0]], 2);
        assert_eq!(fit(&said, &ruler), Ok(None));
    }
}
