//! Balanced accuracy.

use crate::average::{Average, averaged};
use crate::confusion::Confusion;
use crate::recall::recall;

/// Balanced accuracy: the mean over classes of recall, `1/C sum_k C[k][k] / n_k`.
///
/// In 0 to 1, with 1/C for a constant classifier. Undefined when a class has no target, where
/// scikit-learn's `balanced_accuracy_score` averages over the classes left and warns.
/// Source: Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.
pub fn balanced_accuracy(confusion: &Confusion) -> Option<f64> {
    averaged(confusion, Average::Macro, recall)
}
