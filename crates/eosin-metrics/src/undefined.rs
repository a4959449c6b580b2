//! Why a figure has no value.

use serde::{Deserialize, Serialize};

/// Why something that is fitted to predictions has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Undefined {
    /// There is nothing to tell apart.
    #[error("all patches are of one class")]
    OneClass,
    /// Nothing differs.
    #[error("all predictions are the same")]
    Constant,
    /// The best slope is infinite (or the best temperature 0).
    #[error("the predictions separate the classes without an error, so the best slope is infinite")]
    Separated,
    /// A slope of 0 or less, which would turn the ranks round.
    #[error("the predictions rank the classes no better than chance, so no rising curve fits them")]
    Backwards,
    /// Probabilities of 0 or 1.
    #[error("some probabilities are 0 or 1, whose log odds are infinite")]
    Certain,
    /// Iterations that lead nowhere.
    #[error("the fit does not converge")]
    NotConverged,
    /// There is one part.
    #[error("there is one validation part, and none beside it to fit on")]
    OneFold,
}
