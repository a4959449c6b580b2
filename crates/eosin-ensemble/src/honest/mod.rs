//! What the search's choice is worth on patches that it has not seen.
//!
//! The best of many candidates is best partly by luck, so its own score is optimistic (Varma & Simon,
//! BMC Bioinformatics 2006; Cawley & Talbot, JMLR 2010). For each fold the whole search is therefore
//! repeated without it, what it chooses judges the fold, and the folds are scored together.
//!
//! What is kept from what, exactly: for fold `k`, each candidate's score is that of the patches outside
//! `k`; those of another fold `j` are combined by what was fitted without `k` and `j`. The chosen
//! candidate judges `k` by what was fitted without `k`. Nothing of fold `k` has touched the choice or
//! the combiner. Two things are not repeated: the strengths of logistic regression and ridge are those
//! chosen without `k`, and serve all inner models of `k` (fold `k` has no part in them); and the members
//! themselves are those of the outer cross-validation, so that a member's model which judges fold `j`
//! was trained on patches of fold `k`. Targets of fold `k` can reach the choice by that way alone.
//!
//! Intervals: `DeLong`'s variance, of groups where patches are not independent ([`influence`]), times
//! what an unstable choice adds to it ([`unstable`]). On simulated pools of 300 patches whose truth is
//! known they cover it in 94.9 to 95.9 % (2,000 pools each of seven kinds, `tests/all/simulation.rs`);
//! without that factor it was 89 to 95 %. They are of the members as they are: that other models trained
//! in the same way would differ is not in them.
//!
//! AUROC is that of pairs of patches of the same fold ([`ruler`]): different folds may choose different
//! ensembles, whose probabilities have no common scale. Every other metric is that of all patches.

mod contest;
mod estimate;
mod influence;
mod measured;
mod report;
mod ruler;
mod student;
mod unstable;

pub use estimate::Estimate;
pub use report::{Choice, Comparison, Honest, honest};
