//! Macenko's method in eosin's own, careful form; also what guards all methods.

use super::eigen::eigen;
use super::ranks::Counts;
use super::stained::{Stained, haematoxylin_first, unit};
use super::tissue::{CHUNK, TissueSums, sampled, tissue, within};
use super::unchanged::Unchanged;

/// Least share of pixels that are tissue.
const LEAST_TISSUE: f64 = 0.05;
/// Largest share of dark pixels that have the colour of no stain.
const MOST_OTHER: f64 = 0.5;
/// Least mean square of the density beside the main colour: 0.02 on average, the noise of a sensor.
const LEAST_SPREAD: f64 = 4e-4;
/// Least 99th percentile of a stain's concentration.
const LEAST_STRENGTH: f64 = 0.15;
/// Percentile of angles on either side that is left out.
const ANGLE_PERCENT: f64 = 1.0;
/// Percentile of concentrations that is made alike.
const STRENGTH_PERCENT: f64 = 99.0;

/// The stains of a patch (Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250): densities `d = -ln(v /
/// 240)` of tissue lie near a plane through no density at all, that of the two largest eigenvectors of
/// the mean of `d d'`. The stains are the directions in it at the 1st and 99th percentile of the angle,
/// with no negative density, of length 1, the one that absorbs more red being haematoxylin. Strengths
/// are the 99th percentiles of their least-squares concentrations over tissue.
///
/// Where this differs from torchstain: pixels count by their mean density (eosin absorbs hardly any
/// red, so that to ask for density in every channel leaves pure eosin out) and only where they can be
/// haematoxylin and eosin; the plane goes through the origin, as Beer and Lambert's law does.
///
/// # Errors
/// Why the stains cannot be told.
pub(super) fn stains_of(pixels: &[[u8; 3]]) -> Result<Stained, Unchanged> {
    let sums = TissueSums::of(pixels);
    refuse_little_tissue(&sums)?;
    let [main, second, _] = eigen(sums.moments());
    if second.value < LEAST_SPREAD {
        return Err(Unchanged::OneColour {
            spread: second.value.max(0.0),
        });
    }
    let tangents = tangents(pixels, main.vector, second.vector);
    let direction = |percent| {
        let tangent = tangents.percentile(percent)?;
        let at = |channel| tangent.mul_add(second.vector[channel], main.vector[channel]);
        Some(unit(std::array::from_fn(|channel| at(channel).max(0.0))))
    };
    let low = direction(ANGLE_PERCENT).ok_or(Unchanged::NoEstimate)?;
    let high = direction(100.0 - ANGLE_PERCENT).ok_or(Unchanged::NoEstimate)?;
    with_strengths(pixels, haematoxylin_first(low, high))
}

fn refuse_little_tissue(sums: &TissueSums) -> Result<(), Unchanged> {
    let other = sums.dark - sums.tissue;
    if sums.dark > LEAST_TISSUE * sums.pixels && other > MOST_OTHER * sums.dark {
        return Err(Unchanged::OtherColours {
            share: other / sums.dark,
        });
    }
    let share = sums.tissue / sums.pixels.max(1.0);
    if share < LEAST_TISSUE {
        return Err(Unchanged::LittleTissue { share });
    }
    Ok(())
}

/// Tangents of the angle from the main direction, of all tissue.
fn tangents(pixels: &[[u8; 3]], main: [f64; 3], second: [f64; 3]) -> Counts {
    let [main, second] = [main, second].map(narrow);
    let mut counts = Counts::new(-1.2, 1.2);
    let mut bins = [0; CHUNK];
    sampled(pixels, |block| {
        let [red, green, blue] = &block.planes;
        for (at, bin) in bins.iter_mut().enumerate() {
            let (r, g, b) = (red[at], green[at], blue[at]);
            let along = main[0] * r + main[1] * g + main[2] * b;
            let beside = second[0] * r + second[1] * g + second[2] * b;
            *bin = counts.bin(beside / within(along, 1e-3, 100.0), tissue(r, g, b));
        }
        for bin in &bins {
            counts.add(*bin);
        }
    });
    counts
}

/// These stains with their strengths in a patch.
///
/// # Errors
/// When they are of one colour, or one is too weak to be scaled.
#[expect(
    clippy::large_stack_arrays,
    reason = "32 KiB, and no allocation a patch"
)]
pub(super) fn with_strengths(
    pixels: &[[u8; 3]],
    vectors: [[f64; 3]; 2],
) -> Result<Stained, Unchanged> {
    let unknown = Stained {
        vectors,
        strengths: [1.0; 2],
    };
    let rows = unknown.unmix().ok_or(Unchanged::NoEstimate)?.map(narrow);
    let mut counts = [Counts::new(-1.0, 7.0), Counts::new(-1.0, 7.0)];
    let mut bins = [[0; CHUNK]; 2];
    sampled(pixels, |block| {
        let [red, green, blue] = &block.planes;
        for ((counts, bins), row) in counts.iter().zip(&mut bins).zip(&rows) {
            for (at, bin) in bins.iter_mut().enumerate() {
                let (r, g, b) = (red[at], green[at], blue[at]);
                let concentration = row[0] * r + row[1] * g + row[2] * b;
                *bin = counts.bin(concentration, tissue(r, g, b));
            }
        }
        for (counts, bins) in counts.iter_mut().zip(&bins) {
            for bin in bins {
                counts.add(*bin);
            }
        }
    });
    let [h, e] = counts.map(|counts| counts.percentile(STRENGTH_PERCENT));
    let strengths = [h, e].map(|strength| strength.unwrap_or(0.0));
    if strengths.iter().any(|strength| *strength < LEAST_STRENGTH) {
        return Err(Unchanged::WeakStain { strengths });
    }
    Ok(Stained { vectors, strengths })
}

#[expect(clippy::cast_possible_truncation, reason = "densities need no more")]
fn narrow(vector: [f64; 3]) -> [f32; 3] {
    vector.map(|value| value as f32)
}
