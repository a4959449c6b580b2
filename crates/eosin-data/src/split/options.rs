//! What kind of split to make.

use eosin_core::Seed;

use eosin_core::config::GroupBy;

eosin_core::choice::choices! {
    /// How validation parts come about.
    pub enum SplitMethod {
        /// K folds, each of them the validation part once.
        KFold => "k-fold",
        /// One validation part, drawn.
        HoldOut => "hold-out",
        /// One validation part, the manifest's own `val`.
        Predefined => "predefined",
        /// The folds that the manifest names, each of them the validation part once.
        Named => "named",
    }
}

impl SplitMethod {
    /// Whether chance decides which patches are validated on.
    pub const fn is_drawn(self) -> bool {
        matches!(self, Self::KFold | Self::HoldOut)
    }

    /// Whether every patch of the training pool is validated on.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::KFold | Self::Named)
    }

    /// What asks for it, as a user writes it.
    pub(super) const fn setting(self) -> &'static str {
        match self {
            Self::HoldOut => "split.holdout",
            Self::KFold | Self::Named | Self::Predefined => "'--folds'",
        }
    }
}

/// A request for a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitOptions {
    /// How validation parts come about.
    pub method: SplitMethod,
    /// Number of folds, for [`SplitMethod::KFold`]; for [`SplitMethod::Named`] what it must be.
    pub k: usize,
    /// How often the whole split is drawn anew.
    pub repeats: usize,
    /// The validation part's share, between 0 and 1, for [`SplitMethod::HoldOut`].
    pub val_fraction: f64,
    /// What may not be on both sides.
    pub group: GroupBy,
    /// The run's seed; `Stream::Split` at `[repeat]` draws each repeat.
    pub seed: Seed,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self {
            method: SplitMethod::KFold,
            k: 10,
            repeats: 1,
            val_fraction: 0.2,
            group: GroupBy::Auto,
            seed: Seed::default(),
        }
    }
}
