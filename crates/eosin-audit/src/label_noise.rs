//! Labels that are probably wrong, by what models say that have not seen them.

use serde::Serialize;

/// A label that a model contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LabelIssue {
    /// Row of the patch.
    pub row: usize,
    /// Its label.
    pub given: usize,
    /// What the model says.
    pub suggested: usize,
    /// Probability of the label less that of the likeliest other class, -1 to 1.
    pub margin: f64,
    /// Whether it is one of those that confident learning counts as mislabelled.
    pub counted: bool,
}

/// What confident learning says of the labels of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelNoise {
    /// Of each class the mean probability that its own patches have; `None` without any.
    pub thresholds: Vec<Option<f64>>,
    /// Patches by label (rows) and by the class that they confidently are (columns).
    pub confident: Vec<Vec<usize>>,
    /// How many labels are estimated to be wrong.
    pub estimated: usize,
    /// Every row that the model contradicts, those that confident learning counts first, of these the most
    /// contradicted first.
    pub issues: Vec<LabelIssue>,
}

/// Confident learning (Northcutt, Jiang, Chuang, J. Artif. Intell. Res. 70, 2021): `probs` are `[rows,
/// classes]`, of models that have not seen the row. A row is confidently of class `j` where its
/// probability is at least the mean of that of `j`'s own rows; where several are, of the likeliest. The
/// table of labels against confident classes, scaled to the number of each label, says how many labels
/// are wrong; the list is ranked by normalised margin, `p(label) - max p(other)`, those that are
/// confidently of another class first.
///
/// # Panics
/// When there are not `classes` probabilities a row.
pub fn label_noise(targets: &[usize], probs: &[f32], classes: usize) -> LabelNoise {
    assert_eq!(
        probs.len(),
        targets.len() * classes,
        "one probability a class"
    );
    let thresholds = thresholds(targets, probs, classes);
    let rows = || targets.iter().zip(probs.chunks_exact(classes));
    let mut confident = vec![vec![0; classes]; classes];
    for (target, probs) in rows() {
        if let Some(class) = confidently(probs, &thresholds) {
            confident[*target][class] += 1;
        }
    }
    let counts = targets
        .iter()
        .fold(vec![0_usize; classes], |mut counts, target| {
            counts[*target] += 1;
            counts
        });
    let mut issues: Vec<LabelIssue> = rows()
        .enumerate()
        .filter_map(|(row, (target, probs))| {
            let issue = contradicted(row, *target, probs);
            let counted = confidently(probs, &thresholds).is_some_and(|class| class != *target);
            (issue.margin < 0.0 || counted).then_some(LabelIssue { counted, ..issue })
        })
        .collect();
    issues.sort_by(|one, other| {
        let counted = other.counted.cmp(&one.counted);
        let order = counted.then(one.margin.total_cmp(&other.margin));
        order.then(one.row.cmp(&other.row))
    });
    LabelNoise {
        estimated: estimated(&confident, &counts),
        thresholds,
        confident,
        issues,
    }
}

fn thresholds(targets: &[usize], probs: &[f32], classes: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_usize); classes];
    for (target, probs) in targets.iter().zip(probs.chunks_exact(classes)) {
        sums[*target].0 += f64::from(probs[*target]);
        sums[*target].1 += 1;
    }
    let mean = |(sum, count): (f64, usize)| (count > 0).then(|| sum / count as f64);
    sums.into_iter().map(mean).collect()
}

/// The class that a row confidently is.
fn confidently(probs: &[f32], thresholds: &[Option<f64>]) -> Option<usize> {
    let able = probs.iter().enumerate().filter(|(class, prob)| {
        let threshold = thresholds[*class];
        threshold.is_some_and(|threshold| f64::from(**prob) >= threshold)
    });
    able.max_by(|one, other| one.1.total_cmp(other.1))
        .map(|(class, _)| class)
}

fn contradicted(row: usize, given: usize, probs: &[f32]) -> LabelIssue {
    let others = probs
        .iter()
        .enumerate()
        .filter(|(class, _)| *class != given);
    let likeliest = others.max_by(|one, other| one.1.total_cmp(other.1));
    let (suggested, prob) = likeliest.map_or((given, 0.0), |(class, prob)| (class, *prob));
    LabelIssue {
        row,
        given,
        suggested,
        margin: f64::from(probs[given]) - f64::from(prob),
        counted: false,
    }
}

/// What the confident rows of each label say of all of its rows.
fn estimated(confident: &[Vec<usize>], counts: &[usize]) -> usize {
    let of_label = |(label, row): (usize, &Vec<usize>)| {
        let sum: usize = row.iter().sum();
        let wrong = sum - row[label];
        wrong as f64 / (sum.max(1)) as f64 * counts[label] as f64
    };
    let wrong: f64 = confident.iter().enumerate().map(of_label).sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not more than there are rows"
    )]
    let whole = wrong.round() as usize;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidently_contradicted_label_comes_first() {
        let targets = [0, 0, 0, 1, 1, 1];
        let probs = [
            0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.2, 0.8, 0.1, 0.9, 0.55, 0.45_f32,
        ];
        let found = label_noise(&targets, &probs, 2);
        let first = found.issues[0];
        assert_eq!((first.row, first.given, first.suggested), (2, 0, 1));
        assert!(first.counted && (first.margin + 0.8).abs() < 1e-6);
        assert_eq!(found.confident, [[2, 1], [0, 2]]);
        assert_eq!(found.estimated, 1);
        assert_eq!(found.issues.len(), 2, "a slight contradiction comes behind");
        assert!(!found.issues[1].counted);
    }

    #[test]
    fn one_class_has_no_issue() {
        let found = label_noise(&[0, 0], &[1.0, 1.0], 1);
        assert!(found.issues.is_empty() && found.estimated == 0);
    }
}
