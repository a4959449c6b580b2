//! How members are combined.

use eosin_core::choice::choices;

choices! {
    /// How the members of an ensemble are combined into one prediction.
    pub enum Method {
        /// Each member votes for its likeliest class.
        Hard => "hard",
        /// Mean of the members' probabilities.
        Soft => "soft",
        /// Mean of their logits: the geometric mean of probabilities, normalised.
        Geometric => "geometric",
        /// Root of the mean square of probabilities, normalised.
        Power => "power",
        /// Mean of the ranks that probabilities have among those that the method was fitted on.
        Rank => "rank",
        /// Mean of probabilities under the convex weights of least log loss.
        Weighted => "weighted",
        /// Mean of probabilities of members taken one after another, with replacement.
        Greedy => "greedy",
        /// Logistic regression on the members' logits.
        Logistic => "logistic",
        /// Ridge regression on the members' logits.
        Ridge => "ridge",
        /// One head on the embeddings of all members, which only whoever has these can solve: the pool
        /// is told what it says (see [`Pool::with_joined`](crate::Pool::with_joined)).
        Concat => "concat",
    }
}

impl Method {
    /// Those that combine what members say.
    pub const COMBINING: [Self; 9] = [
        Self::Hard,
        Self::Soft,
        Self::Geometric,
        Self::Power,
        Self::Rank,
        Self::Weighted,
        Self::Greedy,
        Self::Logistic,
        Self::Ridge,
    ];

    /// Whether the method learns something from patches whose class is known.
    pub const fn is_fitted(self) -> bool {
        !matches!(
            self,
            Self::Hard | Self::Soft | Self::Geometric | Self::Power | Self::Concat
        )
    }
}
