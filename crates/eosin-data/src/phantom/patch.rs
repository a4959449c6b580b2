//! One phantom.

use eosin_core::Stream;

use super::noise::normal;
use super::nuclei::{self, Cytology};
use super::stain::Stain;
use super::tissue::{Planes, Tissue};
use super::{PhantomOptions, PhantomPosition};
use crate::decode::RgbPatch;

/// Shares of the variance of atypia (and of cellularity) that patients and patches bring.
const PATIENT_SHARE: f32 = 0.3;

/// Draws the patch of class `class` (0 benign, 1 malignant) at `position`.
///
/// It depends on the seed, the position, the class, size, resolution and difficulty, and on no
/// count, so that a larger set holds the smaller one.
pub fn phantom_patch(
    options: &PhantomOptions,
    class: usize,
    position: PhantomPosition,
) -> RgbPatch {
    let [patient, slide, patch] =
        [position.patient, position.slide, position.patch].map(|at| at as u64);
    let stream = |at: &[u64]| options.seed.stream(Stream::Phantom, at);
    let mut patient_rng = stream(&[patient]);
    let (patient_atypia, patient_cellularity) =
        (normal(&mut patient_rng), normal(&mut patient_rng));
    let stain = Stain::draw(&mut stream(&[patient, slide]));

    let mut rng = stream(&[patient, slide, patch]);
    let mix = |of_patient: f32, of_patch: f32| {
        PATIENT_SHARE.sqrt() * of_patient + (1.0 - PATIENT_SHARE).sqrt() * of_patch
    };
    #[expect(clippy::cast_possible_truncation, reason = "a few standard deviations")]
    let separation = options.separation() as f32;
    let offset = if class == 0 { -0.5 } else { 0.5 };
    let atypia = offset * separation + mix(patient_atypia, normal(&mut rng));
    let cellularity = mix(patient_cellularity, normal(&mut rng)) + 0.3 * atypia;
    #[expect(clippy::cast_possible_truncation, reason = "pixels per micrometre")]
    let um = (1.0 / options.mpp) as f32;
    let tissue = Tissue::draw(&mut rng, options.size_px, um, cellularity);
    let mut planes = tissue.planes(options.size_px);
    nuclei::draw(&mut rng, &mut planes, &tissue, &Cytology::new(atypia), um);
    develop(&planes, &stain, &mut rng)
}

/// The true densities of red, green and blue of the haematoxylin and eosin of a slide's phantoms, for
/// one unit of each.
pub fn phantom_stains(options: &PhantomOptions, position: PhantomPosition) -> [[f32; 3]; 2] {
    let [patient, slide] = [position.patient, position.slide].map(|at| at as u64);
    let mut rng = options.seed.stream(Stream::Phantom, &[patient, slide]);
    Stain::draw(&mut rng).vectors()
}

/// From stains to colours.
fn develop(planes: &Planes, stain: &Stain, rng: &mut eosin_core::Rng) -> RgbPatch {
    let pixels = planes
        .haematoxylin
        .iter()
        .zip(&planes.eosin)
        .flat_map(|(&haematoxylin, &eosin)| stain.colour(rng, haematoxylin, eosin))
        .collect();
    RgbPatch {
        width_px: planes.size_px,
        height_px: planes.size_px,
        pixels,
    }
}
