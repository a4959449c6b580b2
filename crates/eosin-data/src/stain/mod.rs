//! What stained a pixel: optical densities, the concentrations of stains, and giving patches the stain
//! of others.

mod basis;
mod convention;
mod eigen;
#[cfg(test)]
mod goldens;
mod haematoxylin;
mod lab;
mod light;
mod macenko;
mod matrix;
mod normaliser;
mod ranks;
mod recolour;
mod reinhard;
mod ruifrok;
mod stained;
mod target;
#[cfg(test)]
mod tests;
mod tissue;
mod unchanged;
mod vahadane;

pub(crate) use basis::{HED, REFERENCE_STAINS, StainBasis};
pub use haematoxylin::haematoxylin;
pub use normaliser::{StainNormaliser, UnknownStain, stain_of};
pub use reinhard::ColourStatistics;
pub use stained::Stained;
pub use target::StainTarget;
pub use unchanged::Unchanged;
