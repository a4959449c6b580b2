//! Convex weights of the least log loss.
//!
//! `min_w -1/n sum_i ln(sum_m w_m p_m(y_i))` over `w >= 0`, `sum w = 1`: the likelihood of a mixture
//! whose parts are known. With `sum w` added the loss needs no equality (at its least the weights sum
//! to 1), and is solved by sequential quadratic programming (Kim, Carbonetto, Stephens & Anitescu,
//! J. Comput. Graph. Stat. 2020), in a few passes where EM takes hundreds.

use crate::pool::Labels;
use crate::said::Said;

/// By how much the log loss is above the least at most, in nats.
const GAP: f64 = 1e-8;
/// Passes at most.
const PASSES: usize = 100;
/// Sweeps of a quadratic problem at most.
const SWEEPS: usize = 1000;
/// What the curvature has at least: members may be the same.
const JITTER: f64 = 1e-9;

/// The weight of each member.
pub(crate) fn fit(said: &Said, labels: &Labels) -> Vec<f64> {
    let of_member = |probs: &Vec<f32>| {
        let rows = probs.chunks_exact(said.classes).zip(&labels.targets);
        rows.map(|(row, target)| f64::from(row[*target])).collect()
    };
    let probs: Vec<Vec<f64>> = said.probs.iter().map(of_member).collect();
    let mut weights = vec![1.0 / probs.len() as f64; probs.len()];
    for _ in 0..PASSES {
        let here = Here::at(&probs, &weights);
        // ln of the largest ratio bounds what any other weights can gain.
        if here.slopes.iter().all(|slope| *slope >= -GAP) {
            break;
        }
        let Some(next) = here.step(&probs, &weights) else {
            break;
        };
        let sum: f64 = next.iter().sum();
        weights = next.into_iter().map(|weight| weight / sum).collect();
    }
    weights
}

fn loss(probs: &[Vec<f64>], weights: &[f64]) -> f64 {
    let rows = mixture(probs, weights);
    let count = rows.len() as f64;
    weights.iter().sum::<f64>() - rows.into_iter().map(f64::ln).sum::<f64>() / count
}

fn mixture(probs: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut rows = vec![0.0; probs[0].len()];
    for (probs, weight) in probs.iter().zip(weights) {
        for (row, prob) in rows.iter_mut().zip(probs) {
            *row += weight * prob;
        }
    }
    rows
}

/// The loss about some weights.
struct Here {
    slopes: Vec<f64>,
    /// `[members, members]`.
    curvature: Vec<f64>,
}

impl Here {
    fn at(probs: &[Vec<f64>], weights: &[f64]) -> Self {
        let members = probs.len();
        let mut inverse = mixture(probs, weights);
        for row in &mut inverse {
            *row = 1.0 / *row;
        }
        let count = inverse.len() as f64;
        let ratios = |probs: &Vec<f64>| {
            let rows = probs.iter().zip(&inverse);
            rows.map(|(prob, inverse)| prob * inverse).collect()
        };
        let ratios: Vec<Vec<f64>> = probs.iter().map(ratios).collect();
        let slope = |ratios: &Vec<f64>| 1.0 - ratios.iter().sum::<f64>() / count;
        let mut curvature = vec![0.0; members * members];
        for one in 0..members {
            for other in 0..=one {
                let rows = ratios[one].iter().zip(&ratios[other]);
                let sum = rows.map(|(one, other)| one * other).sum::<f64>() / count;
                let jitter = if one == other { JITTER } else { 0.0 };
                curvature[one * members + other] = sum + jitter;
                curvature[other * members + one] = sum + jitter;
            }
        }
        Self {
            slopes: ratios.iter().map(slope).collect(),
            curvature,
        }
    }

    /// Towards the least of the quadratic, as far as the loss itself falls; `None` where it falls
    /// nowhere.
    fn step(&self, probs: &[Vec<f64>], weights: &[f64]) -> Option<Vec<f64>> {
        let least = self.least(weights);
        let ways = || least.iter().zip(weights);
        let descent: f64 = ways()
            .zip(&self.slopes)
            .map(|((to, from), slope)| (to - from) * slope)
            .sum();
        let from = loss(probs, weights);
        let mut share = 1.0;
        while share > 1e-6 {
            let next: Vec<f64> = ways()
                .map(|(to, from)| from + share * (to - from))
                .collect();
            if loss(probs, &next) <= from + 1e-2 * share * descent {
                return Some(next);
            }
            share *= 0.5;
        }
        None
    }

    /// Where the quadratic is least for weights of 0 or more, one coordinate after another.
    fn least(&self, weights: &[f64]) -> Vec<f64> {
        let members = weights.len();
        let (mut to, mut slopes) = (weights.to_vec(), self.slopes.clone());
        for _ in 0..SWEEPS {
            let mut moved = 0.0_f64;
            for at in 0..members {
                let row = &self.curvature[at * members..][..members];
                let next = (to[at] - slopes[at] / row[at]).max(0.0);
                let by = next - to[at];
                to[at] = next;
                for (slope, curvature) in slopes.iter_mut().zip(row) {
                    *slope += by * curvature;
                }
                moved = moved.max(by.abs());
            }
            if moved < 1e-10 {
                break;
            }
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::said::narrow;

    fn labels(targets: Vec<usize>) -> Labels {
        let count = targets.len();
        Labels {
            targets,
            classes: 2,
            positive: 1,
            folds: vec![0; count],
            groups: (0..count).collect(),
        }
    }

    #[test]
    fn weights_equal_those_of_em_after_many_steps() {
        let noise = |seed: u32, at: u32| {
            let bits =
                (at.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503)).wrapping_mul(48_271);
            narrow(f64::from(bits >> 8) / f64::from(1 << 24) * 6.0 - 3.0)
        };
        let targets: Vec<usize> = (0..300).map(|at| at % 2).collect();
        let member = |seed: u32, gain: f32| -> Vec<f32> {
            (0..300_u32)
                .flat_map(|at| {
                    [
                        0.0,
                        gain * if at % 2 == 1 { 1.0 } else { -1.0 } + noise(seed, at),
                    ]
                })
                .collect()
        };
        let members = [
            member(1, 0.5),
            member(2, 1.0),
            member(3, 0.1),
            member(4, 0.8),
        ];
        let borrowed: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        let said = Said::new(&borrowed, 2);
        let found = fit(&said, &labels(targets.clone()));
        let mut em = vec![0.25; 4];
        for _ in 0..20_000 {
            let mut next = vec![0.0; 4];
            for (row, target) in targets.iter().enumerate() {
                let of = |at: usize| em[at] * f64::from(said.probs[at][row * 2 + target]);
                let sum: f64 = (0..4).map(of).sum();
                for (at, next) in next.iter_mut().enumerate() {
                    *next += of(at) / sum / 300.0;
                }
            }
            em = next;
        }
        for (found, em) in found.iter().zip(&em) {
            assert!((found - em).abs() < 1e-4, "{found} {em}");
        }
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_member_that_is_always_better_is_alone_and_equal_ones_share() {
        let (good, bad) = ([-2.0, 2.0, 2.0, -2.0_f32], [-1.0, 1.0, 1.0, -1.0_f32]);
        let weights = fit(&Said::new(&[&bad, &good], 2), &labels(vec![1, 0]));
        assert!(weights[0].abs() < 1e-6 && (weights[1] - 1.0).abs() < 1e-6);
        let weights = fit(&Said::new(&[&good, &good], 2), &labels(vec![1, 0]));
        assert!((weights[0] - 0.5).abs() < 1e-6);
    }
}
