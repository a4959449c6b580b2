//! Whom to trust: plain arrays in, findings out.
//!
//! - [`find_pairs`] finds patches that show the same tissue: copies, also turned, recoloured, resized,
//!   written anew, crops and overlaps, each with how one lies on the other ([`Alignment`]). Candidates
//!   come from the layout of haematoxylin and from embeddings ([`Directions`]); pixels decide.
//! - [`Links`] makes groups of pairs, [`label_noise`] ranks labels that models contradict,
//!   [`probe`] says how well a fact beside the tissue tells classes apart, and [`pseudo_groups`] guesses
//!   patients from stain and texture.
//!
//! Nothing here reads files or prints; everything gives the same on any number of threads.

mod align;
mod appearance;
mod chance;
mod label_noise;
mod layouts;
mod links;
mod neighbours;
mod pairs;
mod plane;
mod pseudo;
mod same_pixels;
mod shortcuts;

pub use align::Alignment;
pub use appearance::{Appearance, HISTOGRAM_STEPS};
pub use chance::Chance;
pub use label_noise::{LabelIssue, LabelNoise, label_noise};
pub use links::Links;
pub use neighbours::{Directions, Neighbour};
pub use pairs::{Compared, Effort, FoundPair, PairKind, PairSearch, PairsFound, Pulse, find_pairs};
pub use plane::{PLANE_PX, Plane};
pub use pseudo::{Features, PseudoGroups, pseudo_features, pseudo_groups};
pub use same_pixels::same_pixels;
pub use shortcuts::{Fact, ProbeFold, Probed, auroc, probe};
