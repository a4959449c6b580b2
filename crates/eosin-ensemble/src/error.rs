//! Why members cannot be combined.

use eosin_metrics::{Metric, MetricError};

use crate::method::Method;

/// Why members cannot be combined.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnsembleError {
    /// There is no member.
    #[error("no member to combine; pass at least one")]
    NoMember,
    /// There is no patch.
    #[error("no patch to combine members on; pass at least one")]
    NoPatch,
    /// Fewer than two classes.
    #[error("{classes} class(es) given; a classification needs at least 2")]
    TooFewClasses {
        /// The number given.
        classes: usize,
    },
    /// Two inputs describe different numbers of patches or members.
    #[error("{what}: {got} given, {expected} expected")]
    Length {
        /// What there are too many or too few of.
        what: &'static str,
        /// The number given.
        got: usize,
        /// The number expected.
        expected: usize,
    },
    /// A logit is not finite.
    #[error(
        "member {member} has a logit of patch {patch}, class {class} that is not finite ({value})"
    )]
    NotFinite {
        /// Index of the member.
        member: usize,
        /// Index of the patch.
        patch: usize,
        /// Index of the class.
        class: usize,
        /// The logit.
        value: f32,
    },
    /// A class that there is not.
    #[error("{what} {index} is class {class}, but the classes are 0 to {}", classes - 1)]
    ClassOutOfRange {
        /// `target` or `positive class`.
        what: &'static str,
        /// Index of the patch.
        index: usize,
        /// The class given.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A group was judged by two folds: what is fitted on one of them has seen the other's patches.
    #[error("group {group} is in both fold {one} and fold {other}; no group may cross folds")]
    GroupCrossesFolds {
        /// The group.
        group: usize,
        /// A fold that it is in.
        one: usize,
        /// Another.
        other: usize,
    },
    /// A member that there is not, or one named twice.
    #[error("member {member} is not in the pool of {members}, or is named twice")]
    NoSuchMember {
        /// The index given.
        member: usize,
        /// Members of the pool.
        members: usize,
    },
    /// There are not enough folds to fit on some and judge on others.
    #[error(
        "{folds} fold(s) of patches, but {needed} are needed to {purpose}; cross-validate with \
         {needed} folds or more"
    )]
    TooFewFolds {
        /// Folds that there are.
        folds: usize,
        /// Folds that there must be.
        needed: usize,
        /// What for.
        purpose: &'static str,
    },
    /// What a combiner is fitted on lacks a class.
    #[error(
        "method {method} is fitted on patches none of which is of class {class}; use fewer folds, or \
         a method that fits nothing (hard, soft, geometric, power)"
    )]
    ClassMissing {
        /// The method.
        method: Method,
        /// The class.
        class: usize,
    },
    /// Embeddings would have to be joined.
    #[error("method concat joins embeddings; tell the pool what one head on them says")]
    NotJoined,
    /// A method was asked to do without data what it cannot.
    #[error("method {method} has to be fitted; pass labels and out-of-fold logits")]
    NeedsLabels {
        /// The method.
        method: Method,
    },
    /// A stored combiner does not fit its own description.
    #[error("the combiner is damaged: {reason}")]
    Damaged {
        /// What does not fit.
        reason: &'static str,
    },
    /// No candidate is within the limits.
    #[error("no member is within the limits ({limits}); raise them or add smaller members")]
    NothingWithinLimits {
        /// The limits, in words.
        limits: String,
    },
    /// The metric that selects is undefined for every candidate.
    #[error("{metric} is undefined for every candidate, so it cannot choose; use another metric")]
    Undefined {
        /// The metric.
        metric: Metric,
    },
    /// More members than all coalitions of can be computed.
    #[error("{members} members have more coalitions than can be computed; pass {most} at most")]
    TooManyMembers {
        /// The number given.
        members: usize,
        /// The most.
        most: usize,
    },
    /// A metric cannot be computed.
    #[error(transparent)]
    Metric(#[from] MetricError),
}
