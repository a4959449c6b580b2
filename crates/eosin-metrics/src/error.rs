//! What can be wrong with the numbers handed in.

/// Input that no metric can be computed from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// There is nothing to measure.
    #[error("no rows to measure; pass at least one target")]
    Empty,
    /// Fewer than two classes make every classification trivial.
    #[error("{class_count} class(es) given; a classification needs at least 2")]
    TooFewClasses {
        /// The class count given.
        class_count: usize,
    },
    /// Two inputs describe different numbers of rows.
    #[error("{got} {what} for {expected} expected; pass one per target (and class)")]
    Length {
        /// What there are too many or too few of.
        what: &'static str,
        /// The length given.
        got: usize,
        /// The length expected.
        expected: usize,
    },
    /// A class index is outside `0..class_count`.
    #[error("{what} {index} is class {class}, but the classes are 0 to {}", class_count - 1)]
    ClassOutOfRange {
        /// `target`, `pred` or `positive class`.
        what: &'static str,
        /// The row.
        index: usize,
        /// The class given.
        class: usize,
        /// The class count.
        class_count: usize,
    },
    /// A score is NaN or infinite, so it has no rank.
    #[error("score {index} is {value}, which is not finite")]
    ScoreNotFinite {
        /// The row.
        index: usize,
        /// The score given.
        value: f64,
    },
    /// A probability is NaN or infinite.
    #[error("prob of row {index}, class {class} is {value}, which is not finite")]
    ProbNotFinite {
        /// The row.
        index: usize,
        /// The class.
        class: usize,
        /// The probability given.
        value: f64,
    },
    /// A probability is outside 0 to 1, as a logit would be.
    #[error("prob of row {index}, class {class} is {value}, outside 0 to 1; apply softmax first")]
    ProbOutOfRange {
        /// The row.
        index: usize,
        /// The class.
        class: usize,
        /// The probability given.
        value: f64,
    },
    /// The probabilities of a row do not add up.
    #[error("probs of row {index} sum to {sum}, not to 1; apply softmax over the classes")]
    ProbSum {
        /// The row.
        index: usize,
        /// The sum found.
        sum: f64,
    },
    /// A confusion matrix is not square.
    #[error("row {row} of the confusion matrix has {got} entries, expected {expected}")]
    NotSquare {
        /// The row.
        row: usize,
        /// Its entries.
        got: usize,
        /// The number of rows.
        expected: usize,
    },
}

/// Checks that there are rows, enough classes, and only known classes among `classes`.
pub(crate) fn check_classes(
    what: &'static str,
    classes: &[usize],
    class_count: usize,
) -> Result<(), MetricError> {
    if class_count < 2 {
        return Err(MetricError::TooFewClasses { class_count });
    }
    if classes.is_empty() {
        return Err(MetricError::Empty);
    }
    match classes.iter().position(|&class| class >= class_count) {
        None => Ok(()),
        Some(index) => Err(MetricError::ClassOutOfRange {
            what,
            index,
            class: classes[index],
            class_count,
        }),
    }
}

/// Checks that `got` elements are there where `expected` belong.
pub(crate) fn check_length(
    what: &'static str,
    got: usize,
    expected: usize,
) -> Result<(), MetricError> {
    if got == expected {
        Ok(())
    } else {
        Err(MetricError::Length {
            what,
            got,
            expected,
        })
    }
}

/// Checks that there are rows, a score for each, and that each has a rank.
pub(crate) fn check_scores(positive: &[bool], scores: &[f64]) -> Result<(), MetricError> {
    if positive.is_empty() {
        return Err(MetricError::Empty);
    }
    check_length("scores", scores.len(), positive.len())?;
    match scores.iter().position(|score| !score.is_finite()) {
        None => Ok(()),
        Some(index) => Err(MetricError::ScoreNotFinite {
            index,
            value: scores[index],
        }),
    }
}
