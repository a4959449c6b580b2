//! What stained a pixel: optical densities and the concentrations of stains.

mod basis;
mod haematoxylin;

pub(crate) use basis::{HED, StainBasis};
pub use haematoxylin::haematoxylin;
