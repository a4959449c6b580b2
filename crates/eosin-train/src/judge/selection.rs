//! The metric that epochs and the best fold are chosen by.

use eosin_core::Task;
use eosin_metrics::{Metric, MetricError, MetricSet};

/// `asked`, or [`Metric::LogLoss`], which is always defined, where the classes of any of the
/// validation parts leave `asked` without a value, such as the AUROC where all patches are of one
/// class. `parts` are the class indices of each part.
///
/// # Errors
/// When a part is empty, or an index is none of the `classes`.
pub fn selection<'a>(
    asked: Metric,
    task: &Task,
    mut parts: impl Iterator<Item = &'a [usize]>,
) -> Result<Metric, MetricError> {
    let all = parts.try_fold(true, |all, targets| {
        Ok(all && is_defined(asked, task, targets)?)
    })?;
    Ok(if all { asked } else { Metric::LogLoss })
}

/// Whether right predictions would have a value of `metric`.
fn is_defined(metric: Metric, task: &Task, targets: &[usize]) -> Result<bool, MetricError> {
    let classes = task.classes.len();
    let mut probs = vec![0.0_f32; targets.len() * classes];
    for (row, target) in probs.chunks_exact_mut(classes).zip(targets) {
        if let Some(prob) = row.get_mut(*target) {
            *prob = 1.0;
        }
    }
    let metrics = MetricSet::new(targets, &probs, classes, task.positive)?;
    Ok(metrics.get(metric).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(asked: Metric, parts: [&[usize]; 2]) -> Metric {
        let task = Task::new(vec!["benign".to_owned(), "malignant".to_owned()], 1);
        selection(asked, &task, parts.into_iter()).unwrap()
    }

    #[test]
    fn a_metric_that_a_part_has_no_value_of_is_not_chosen_by() {
        assert_eq!(chosen(Metric::Auroc, [&[0, 1], &[1, 0, 0]]), Metric::Auroc);
        for asked in [Metric::Auroc, Metric::Auprc, Metric::BalancedAccuracy] {
            assert_eq!(
                chosen(asked, [&[0, 1], &[1, 1]]),
                Metric::LogLoss,
                "{asked}"
            );
        }
        assert_eq!(
            chosen(Metric::Accuracy, [&[0, 0], &[1, 1]]),
            Metric::Accuracy
        );
    }
}
