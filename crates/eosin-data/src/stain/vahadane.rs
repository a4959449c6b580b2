//! Vahadane's method: stains as a sparse non-negative dictionary.

use super::light::Light;
use super::macenko::{stains_of as macenko, with_strengths};
use super::stained::{Stained, dot, haematoxylin_first, sparse_codes, unit};
use super::tissue::tissue;
use super::unchanged::Unchanged;

/// Penalty on the sum of concentrations, as Vahadane's authors and `StainTools` have it.
const PENALTY: f64 = 0.1;
/// Pixels that are learned from at most, taken at even distances.
const MOST_PIXELS: usize = 16_384;
/// Rounds at most.
const MOST_ROUNDS: usize = 200;
/// A round that lowers the objective by less than this share is the last.
const LEAST_GAIN: f64 = 1e-7;

/// The stains of a patch (Vahadane et al. 2016, doi:10.1109/TMI.2016.2529665): vectors `V >= 0` of
/// length 1 and concentrations `C >= 0` that minimise the mean over tissue of
///
/// `|d - C V|^2 / 2 + 0.1 (c_h + c_e)`, with `d = -ln(v / 240)`.
///
/// It begins at Macenko's stains, so that nothing is drawn; then, until it gains nothing, concentrations
/// are solved in closed form and each vector by one step of block coordinate descent (Mairal 2010),
/// which never raises the objective. Only the vectors are learned by it: strengths and the change of
/// colours are by least squares, since a penalty makes concentrations too small.
///
/// # Errors
/// Why the stains cannot be told.
pub(super) fn stains_of(pixels: &[[u8; 3]]) -> Result<Stained, Unchanged> {
    let start = macenko(pixels)?.vectors;
    let learned = learn(&sample(pixels), start);
    with_strengths(pixels, learned.vectors)
}

/// A dictionary, and how good it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learned {
    pub vectors: [[f64; 3]; 2],
    /// What is minimised.
    #[cfg_attr(not(test), expect(dead_code, reason = "what tests hold it to"))]
    pub objective: f64,
}

/// Densities of tissue pixels from all over the patch.
fn sample(pixels: &[[u8; 3]]) -> Vec<[f64; 3]> {
    let densities = Light::Own.densities();
    let found = pixels.iter().filter_map(|pixel| {
        let [r, g, b] = pixel.map(|value| densities[usize::from(value)]);
        (tissue(r, g, b) > 0.5).then_some([r, g, b].map(f64::from))
    });
    let found: Vec<[f64; 3]> = found.collect();
    let step = found.len().div_ceil(MOST_PIXELS).max(1);
    found.into_iter().step_by(step).collect()
}

/// Sums over pixels that the best vectors follow from.
#[derive(Clone, Copy, Default)]
struct Sums {
    codes: [[f64; 2]; 2],
    densities: [[f64; 3]; 2],
    objective: f64,
}

fn sums(densities: &[[f64; 3]], vectors: [[f64; 3]; 2]) -> Sums {
    let between = dot(vectors[0], vectors[1]);
    let mut sums = Sums::default();
    for density in densities {
        let along = vectors.map(|vector| dot(vector, *density));
        let code = sparse_codes(along, between, PENALTY);
        for one in 0..2 {
            for other in 0..2 {
                sums.codes[one][other] += code[one] * code[other];
            }
            for (sum, density) in sums.densities[one].iter_mut().zip(density) {
                *sum += code[one] * density;
            }
        }
        let error: [f64; 3] = std::array::from_fn(|at| {
            density[at] - code[0] * vectors[0][at] - code[1] * vectors[1][at]
        });
        sums.objective += dot(error, error) / 2.0 + PENALTY * (code[0] + code[1]);
    }
    sums.objective /= densities.len().max(1) as f64;
    sums
}

fn learn(densities: &[[f64; 3]], start: [[f64; 3]; 2]) -> Learned {
    let mut vectors = start;
    let mut now = sums(densities, vectors);
    for _ in 0..MOST_ROUNDS {
        let mut better = vectors;
        for one in 0..2 {
            better[one] = best_vector(&now, &better, one);
        }
        let after = sums(densities, better);
        if after.objective >= now.objective {
            break;
        }
        let gain = 1.0 - after.objective / now.objective;
        (vectors, now) = (better, after);
        if gain < LEAST_GAIN {
            break;
        }
    }
    Learned {
        vectors: haematoxylin_first(vectors[0], vectors[1]),
        objective: now.objective,
    }
}

/// The best vector of one stain where concentrations and the other vector stay.
fn best_vector(sums: &Sums, vectors: &[[f64; 3]; 2], one: usize) -> [f64; 3] {
    let other = 1 - one;
    let own = sums.codes[one][one];
    if own <= 0.0 {
        return vectors[one];
    }
    let best: [f64; 3] = std::array::from_fn(|at| {
        let rest = sums.densities[one][at] - sums.codes[one][other] * vectors[other][at];
        (rest / own).max(0.0)
    });
    if dot(best, best) > 0.0 {
        unit(best)
    } else {
        vectors[one]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of pure and mixed stains, as cells are.
    fn densities(truth: [[f64; 3]; 2]) -> Vec<[f64; 3]> {
        let mix = |at: u32| {
            let (h, e) = match at % 3 {
                0 => (0.3 + f64::from(at % 11) * 0.1, 0.0),
                1 => (0.0, 0.3 + f64::from(at % 7) * 0.1),
                _ => (f64::from(at % 11) * 0.1, f64::from(at % 7) * 0.1),
            };
            std::array::from_fn(|c| h * truth[0][c] + e * truth[1][c])
        };
        (0..3000).map(mix).collect()
    }

    #[test]
    fn the_dictionary_is_the_truth_where_the_truth_is_sparse() {
        let truth = [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]].map(unit);
        let start = [[0.55, 0.75, 0.35], [0.25, 0.9, 0.3]].map(unit);
        let densities = densities(truth);
        let learned = learn(&densities, start);
        let at_truth = sums(&densities, truth).objective;
        assert!(
            learned.objective <= at_truth * 1.001,
            "{learned:?} {at_truth}"
        );
        for (got, wanted) in learned.vectors.iter().zip(truth) {
            assert!(dot(*got, wanted) > 0.999, "{learned:?}");
        }
        assert!(learned.objective < sums(&densities, start).objective);
    }
}
