//! Matthews correlation coefficient.

use crate::confusion::Confusion;

/// Matthews correlation coefficient, for any number of classes:
/// `(c s - sum_k p_k t_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2))`, where `s` counts the
/// rows, `c` the correct ones, `t_k` the targets and `p_k` the preds of class `k`.
///
/// In -1 to 1; 0 is chance. Undefined when all targets or all preds are of one class, where
/// scikit-learn's `matthews_corrcoef` gives 0. Source: Gorodkin, "Comparing two K-category
/// assignments by a K-category correlation coefficient", 2004; for two classes it is Matthews 1975.
pub fn mcc(confusion: &Confusion) -> Option<f64> {
    let total = i128::from(confusion.total());
    let (mut agreement, mut pred_squares, mut target_squares) = (0, 0, 0);
    for class in 0..confusion.class_count() {
        let preds = i128::from(confusion.pred_total(class));
        let targets = i128::from(confusion.target_total(class));
        agreement += preds * targets;
        pred_squares += preds * preds;
        target_squares += targets * targets;
    }
    let covariance = i128::from(confusion.correct()) * total - agreement;
    let pred_variance = total * total - pred_squares;
    let target_variance = total * total - target_squares;
    (pred_variance > 0 && target_variance > 0).then(|| {
        let scale = (pred_variance as f64).sqrt() * (target_variance as f64).sqrt();
        covariance as f64 / scale
    })
}
