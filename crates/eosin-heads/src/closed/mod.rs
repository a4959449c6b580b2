//! Heads that come in closed form: nothing is iterated, so there is nothing to converge.
//!
//! All are functions of the same sums over the rows of a training part (its [`scatter`]), or of its
//! rows themselves ([`neighbours`]). Logits are written as those of the shares of the classes and
//! what the embedding adds to them; how much of that is kept is chosen on inner folds, as the
//! strength is, so that heads without probabilities of their own get honest ones.

mod form;
mod lda;
mod neighbours;
mod prototypes;
mod ridge;
mod scatter;
mod strength;

pub use form::{ClosedForm, ClosedHead};
pub use neighbours::NeighbourHead;
pub use strength::{Strength, choose_strength, fit};
