//! Predictions laid out so that every metric of a resample is one pass.

use crate::average::macro_mean;
use crate::brier::squared_error;
use crate::confusion::Confusion;
use crate::ece::{ECE_BINS, bin_of};
use crate::groups::Groups;
use crate::log_loss::loss_of;
use crate::metric::Metric;
use crate::probs::Probs;
use crate::resample::values::MetricValues;

/// Predictions of labelled rows, of which any group may be counted any number of times.
///
/// Rows are sorted once. The metrics of a resample are those of [`MetricSet`](crate::MetricSet) of
/// its rows, from counts: no row is copied and nothing is sorted again.
#[derive(Clone, Debug)]
pub struct CountedRows {
    class_count: usize,
    positive: usize,
    groups: usize,
    /// Rows from the highest score down, of the positive class of two or of each of more.
    ranked: Vec<Vec<RankedRow>>,
    /// Rows by group.
    decided: Vec<DecidedRow>,
    /// Sums over the rows of each group.
    losses: Vec<Losses>,
    /// Groups that hold a row of each class.
    holding: Vec<usize>,
}

/// Group, whether the row is of the class, and whether it is the last with its score, in one number
/// each: a pass over them is what the time goes into.
#[derive(Clone, Copy, Debug)]
struct RankedRow(u32);

impl RankedRow {
    const fn new(group: u32, is_of_class: bool, is_last: bool) -> Self {
        Self(group << 2 | (is_of_class as u32) << 1 | is_last as u32)
    }

    const fn group(self) -> usize {
        (self.0 >> 2) as usize
    }

    const fn is_of_class(self) -> u64 {
        (self.0 >> 1 & 1) as u64
    }

    const fn is_last(self) -> bool {
        self.0 & 1 == 1
    }
}

/// What was decided of a row.
#[derive(Clone, Copy, Debug)]
struct DecidedRow {
    group: u32,
    /// In the confusion matrix.
    cell: u32,
    /// Of the reliability diagram.
    bin: u32,
    /// Whether the decision is right, less how sure it is.
    gap: f64,
}

/// Sums over some rows.
#[derive(Clone, Copy, Debug, Default)]
struct Losses {
    log_loss: f64,
    brier: f64,
}

/// Areas under the curves of one class.
struct Areas {
    auroc: Option<f64>,
    auprc: Option<f64>,
}

impl CountedRows {
    /// Lays out predictions; `positive` is the positive class of two, and without meaning with more.
    ///
    /// # Panics
    /// When `targets`, `probs` and `groups` are not of as many rows, a target or `positive` is no
    /// class, or there are more than 2^30 groups.
    pub fn new(targets: &[usize], probs: &Probs, positive: usize, groups: &Groups) -> Self {
        let scores: Vec<Vec<f64>> = ranked_classes(probs.class_count(), positive)
            .map(|class| probs.column(class))
            .collect();
        Self::with_scores(targets, probs, &scores, positive, groups)
    }

    /// The same, rows ranked by other scores than their probabilities: a list for each class that is
    /// ranked.
    pub(crate) fn with_scores(
        targets: &[usize],
        probs: &Probs,
        scores: &[Vec<f64>],
        positive: usize,
        groups: &Groups,
    ) -> Self {
        assert!(
            groups.count() < 1 << 30 && groups.of_rows().len() == targets.len(),
            "a group below 2^30 for each row"
        );
        let class_count = probs.class_count();
        let ranked = ranked_classes(class_count, positive)
            .zip(scores)
            .map(|(class, scores)| ranked(targets, scores, class, groups))
            .collect();
        let mut losses = vec![Losses::default(); groups.count()];
        for ((row, target), group) in probs.rows().zip(targets).zip(groups.of_rows()) {
            let sums = &mut losses[*group as usize];
            sums.log_loss += loss_of(row, *target);
            sums.brier += squared_error(row, *target);
        }
        let holding = (0..class_count)
            .map(|class| groups.count_holding(|row| targets[row] == class))
            .collect();
        Self {
            class_count,
            positive,
            groups: groups.count(),
            ranked,
            decided: decided(targets, probs, groups),
            losses,
            holding,
        }
    }

    /// How many groups there are.
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// Groups that a metric can be told apart by: those that hold the class it is about, or the rarest
    /// of all classes that there are. What few groups hold, many others make no surer.
    pub fn groups_of(&self, metric: Metric) -> usize {
        let all = self.groups;
        let rarest = || self.holding.iter().copied().filter(|of| *of > 0).min();
        match metric {
            Metric::LogLoss | Metric::Brier | Metric::Ece | Metric::Accuracy => all,
            Metric::Recall if self.class_count == 2 => self.holding[self.positive],
            Metric::Specificity if self.class_count == 2 => self.holding[1 - self.positive],
            _ => rarest().unwrap_or(0),
        }
    }

    /// Every metric where each group counts so many times; all undefined where no row does.
    ///
    /// # Panics
    /// When there is not one number a group.
    pub fn values(&self, times: &[u32]) -> MetricValues {
        assert_eq!(times.len(), self.groups, "one number a group");
        let mut cells = vec![0_u64; self.class_count * self.class_count];
        let mut gaps = [0.0; ECE_BINS];
        for row in &self.decided {
            let times = times[row.group as usize];
            cells[row.cell as usize] += u64::from(times);
            gaps[row.bin as usize] += f64::from(times) * row.gap;
        }
        let Some(confusion) = Confusion::from_cells(self.class_count, cells) else {
            return MetricValues::default();
        };
        let areas: Vec<Areas> = self.ranked.iter().map(|rows| areas(rows, times)).collect();
        let over_classes =
            |of: fn(&Areas) -> Option<f64>| macro_mean(&areas.iter().map(of).collect::<Vec<_>>());
        let count = confusion.total() as f64;
        let mean = |of: fn(&Losses) -> f64| {
            let pairs = self.losses.iter().zip(times);
            let sum: f64 = pairs
                .map(|(sums, times)| f64::from(*times) * of(sums))
                .sum();
            Some(sum / count)
        };
        MetricValues::new(|metric| match metric {
            Metric::Auroc => over_classes(|area| area.auroc),
            Metric::Auprc => over_classes(|area| area.auprc),
            Metric::LogLoss => mean(|sums| sums.log_loss),
            Metric::Brier => mean(|sums| sums.brier),
            Metric::Ece => Some(gaps.iter().map(|gap| gap.abs()).sum::<f64>() / count),
            _ => metric.of_confusion(&confusion, self.positive),
        })
    }
}

/// The classes that rows are ranked for: the positive one of two, else each.
pub(crate) fn ranked_classes(class_count: usize, positive: usize) -> std::ops::Range<usize> {
    if class_count == 2 {
        positive..positive + 1
    } else {
        0..class_count
    }
}

fn ranked(targets: &[usize], scores: &[f64], class: usize, groups: &Groups) -> Vec<RankedRow> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let is_last = |at: usize| {
        let next = order.get(at + 1);
        #[expect(
            clippy::float_cmp,
            reason = "a tie is exact equality; -0.0 ties with 0.0"
        )]
        next.is_none_or(|next| scores[*next] != scores[order[at]])
    };
    let row = |(at, row): (usize, &usize)| {
        RankedRow::new(groups.of_rows()[*row], targets[*row] == class, is_last(at))
    };
    order.iter().enumerate().map(row).collect()
}

fn decided(targets: &[usize], probs: &Probs, groups: &Groups) -> Vec<DecidedRow> {
    let narrow = |place: usize| u32::try_from(place).expect("a cell that 32 bits can number");
    let rows = probs.rows().zip(probs.preds()).zip(targets);
    let row = |(((row, pred), target), group): (((&[f64], usize), &usize), &u32)| DecidedRow {
        group: *group,
        cell: narrow(target * probs.class_count() + pred),
        bin: narrow(bin_of(row[pred], ECE_BINS)),
        gap: f64::from(u8::from(pred == *target)) - row[pred],
    };
    let mut all: Vec<DecidedRow> = rows.zip(groups.of_rows()).map(row).collect();
    all.sort_by_key(|row| row.group);
    all
}

/// The sums of [`Ranking::auroc`](crate::Ranking::auroc) and
/// [`Ranking::auprc`](crate::Ranking::auprc), over rows that count several times.
fn areas(rows: &[RankedRow], times: &[u32]) -> Areas {
    let (mut positives, mut negatives) = (0_u64, 0_u64);
    let (mut tied_positives, mut tied_negatives) = (0_u64, 0_u64);
    let (mut twice_wins, mut area) = (0_u128, 0.0);
    for row in rows {
        let times = u64::from(times[row.group()]);
        let of_class = times * row.is_of_class();
        tied_positives += of_class;
        tied_negatives += times - of_class;
        if row.is_last() {
            twice_wins += u128::from(tied_negatives * (2 * positives + tied_positives));
            positives += tied_positives;
            negatives += tied_negatives;
            let precision = positives as f64 / (positives + negatives).max(1) as f64;
            area += tied_positives as f64 * precision;
            (tied_positives, tied_negatives) = (0, 0);
        }
    }
    let pairs = 2 * u128::from(positives) * u128::from(negatives);
    let either = |value: f64| (pairs > 0).then_some(value);
    Areas {
        auroc: either(twice_wins as f64 / pairs as f64),
        auprc: either(area / positives as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricSet;

    /// Forty rows of nine groups, some with tied probabilities.
    fn rows(classes: usize) -> (Vec<usize>, Vec<f64>, Vec<usize>) {
        let targets: Vec<usize> = (0..40).map(|row| row * 7 % 5 % classes).collect();
        let prob = |row: usize, class: usize| {
            let raw = 1.0 + f64::from(u8::try_from((row * 13 + class * 5) % 7).unwrap());
            raw + if targets[row] == class { 1.5 } else { 0.0 }
        };
        let probs = (0..40).flat_map(|row| {
            let sum: f64 = (0..classes).map(|class| prob(row, class)).sum();
            (0..classes).map(move |class| prob(row, class) / sum)
        });
        (
            targets.clone(),
            probs.collect(),
            (0..40).map(|row| row % 9).collect(),
        )
    }

    #[test]
    fn the_values_of_a_resample_are_those_of_its_rows() {
        for classes in [2, 3, 4] {
            let (targets, probs, names) = rows(classes);
            let groups = Groups::named(&names);
            let checked = Probs::new(&targets, &probs, classes).unwrap();
            let counted = CountedRows::new(&targets, &checked, 1, &groups);
            for times in [
                [1; 9],
                [0, 2, 1, 0, 3, 1, 1, 0, 1],
                [0, 0, 5, 0, 0, 1, 0, 0, 0],
            ] {
                let copies =
                    (0..40).flat_map(|row| std::iter::repeat_n(row, times[names[row]] as usize));
                let copies: Vec<usize> = copies.collect();
                let drawn: Vec<usize> = copies.iter().map(|row| targets[*row]).collect();
                let of_row = |row: &usize| probs[row * classes..(row + 1) * classes].to_vec();
                let drawn_probs: Vec<f64> = copies.iter().flat_map(of_row).collect();
                let set = MetricSet::new(&drawn, &drawn_probs, classes, 1).unwrap();
                let values = counted.values(&times);
                for metric in Metric::ALL {
                    match (values.get(*metric), set.get(*metric)) {
                        (Some(ours), Some(full)) => {
                            assert!((ours - full).abs() < 1e-12, "{metric}");
                        }
                        (ours, full) => assert_eq!(ours, full, "{metric}"),
                    }
                }
            }
        }
    }

    #[test]
    fn no_rows_leave_everything_undefined() {
        let (targets, probs, names) = rows(2);
        let checked = Probs::new(&targets, &probs, 2).unwrap();
        let counted = CountedRows::new(&targets, &checked, 1, &Groups::named(&names));
        assert_eq!(counted.values(&[0; 9]), MetricValues::default());
    }
}
