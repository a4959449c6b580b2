//! Why a head cannot be solved.

/// Why a head cannot be solved.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// An embedding is not finite.
    #[error("view {view} of patch {patch} has an embedding that is not finite ({value})")]
    NotFinite {
        /// Index of the patch.
        patch: usize,
        /// Index of its view.
        view: usize,
        /// The value.
        value: f32,
    },
    /// Every patch has the same embedding.
    #[error(
        "all {patches} patches have the same embedding: there is nothing to tell them apart by"
    )]
    Constant {
        /// How many.
        patches: usize,
    },
    /// A training part lacks a class.
    #[error("a training part has no patch of class {class}: its logit has no optimum")]
    ClassMissing {
        /// Index of the class.
        class: usize,
    },
    /// A strength is so weak that a head would be one of rounding.
    #[error(
        "with strength {strength:e} the head would be one of rounding, since single precision does not \
         tell values apart that say nearly the same: use a larger strength, or none to have one chosen \
         on inner folds"
    )]
    TooWeak {
        /// As [`ClosedForm`](crate::ClosedForm) has it.
        strength: f64,
    },
    /// `C` is so large that single precision does not hold what the losses bend by.
    #[error(
        "with C {c:e} the losses are beyond what single precision holds, and the penalty is nothing \
         beside them: use a smaller C, or none to have one chosen on inner folds"
    )]
    TooWeakPenalty {
        /// scikit-learn's.
        c: f64,
    },
    /// The rows cannot be read.
    #[error("an embedding cannot be read: {0}")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The work was stopped from outside.
    #[error("interrupted")]
    Interrupted,
}
