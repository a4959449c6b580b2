//! What patches are made like.

use eosin_core::config::StainMethod;
use serde::{Deserialize, Serialize};

use super::reinhard::ColourStatistics;
use super::stained::{REFERENCE, Stained, unit};

/// What patches are made like: stains, or with Reinhard's method statistics of colours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StainTarget {
    /// Two stains with their strengths.
    Stains(Stained),
    /// Mean and standard deviation of CIELAB's channels.
    Colours(ColourStatistics),
}

impl StainTarget {
    /// The named reference: the stains and strengths of Macenko's authors' code. `None` of methods that
    /// have none: Reinhard's, and no method.
    pub const fn reference(method: StainMethod) -> Option<Self> {
        match method {
            StainMethod::None
            | StainMethod::Reinhard
            | StainMethod::ReinhardTorchstain
            | StainMethod::ReinhardTorchstainModified
            | StainMethod::ReinhardTiatoolbox => None,
            StainMethod::Macenko
            | StainMethod::MacenkoTorchstain
            | StainMethod::MacenkoTorchstainTorch
            | StainMethod::MacenkoTiatoolbox
            | StainMethod::MacenkoStaintools
            | StainMethod::Vahadane
            | StainMethod::Ruifrok
            | StainMethod::RuifrokTiatoolbox => Some(Self::Stains(REFERENCE)),
        }
    }

    /// The median of every number over the patches that it was found in; vectors are brought to length
    /// 1 again. `None` of none. No single patch moves it far.
    pub fn median(targets: &[Self]) -> Option<Self> {
        match targets.first()? {
            Self::Stains(first) => {
                let found: Vec<&Stained> = targets.iter().filter_map(Self::stains).collect();
                let middle = |of: &dyn Fn(&Stained) -> f64| median(found.iter().map(|one| of(one)));
                let vector = |stain: usize| {
                    let length = first.vectors[stain]
                        .map(|v| v * v)
                        .iter()
                        .sum::<f64>()
                        .sqrt();
                    let found: [f64; 3] =
                        std::array::from_fn(|at| middle(&|one| one.vectors[stain][at]));
                    // Of fixed vectors that are not of length 1 the length is kept.
                    unit(found).map(|value| value * length)
                };
                Some(Self::Stains(Stained {
                    vectors: [vector(0), vector(1)],
                    strengths: std::array::from_fn(|stain| middle(&|one| one.strengths[stain])),
                }))
            }
            Self::Colours(_) => {
                let found = targets.iter().filter_map(Self::colours);
                let found: Vec<&ColourStatistics> = found.collect();
                let middle =
                    |of: &dyn Fn(&ColourStatistics) -> f64| median(found.iter().map(|one| of(one)));
                Some(Self::Colours(ColourStatistics {
                    mean: std::array::from_fn(|at| middle(&|one| one.mean[at])),
                    std: std::array::from_fn(|at| middle(&|one| one.std[at])),
                }))
            }
        }
    }

    /// The stains, where it has some.
    pub const fn stains(&self) -> Option<&Stained> {
        match self {
            Self::Stains(stains) => Some(stains),
            Self::Colours(_) => None,
        }
    }

    const fn colours(&self) -> Option<&ColourStatistics> {
        match self {
            Self::Stains(_) => None,
            Self::Colours(colours) => Some(colours),
        }
    }

    /// Every number, in a fixed order.
    pub(super) fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Stains(Stained { vectors, strengths }) => {
                [vectors.as_flattened(), strengths].concat()
            }
            Self::Colours(ColourStatistics { mean, std }) => [*mean, *std].concat(),
        }
    }

    /// The reverse of [`numbers`](Self::numbers).
    pub(super) fn of_numbers(numbers: &[f64]) -> Option<Self> {
        let three = |from: usize| [numbers[from], numbers[from + 1], numbers[from + 2]];
        match numbers.len() {
            8 => Some(Self::Stains(Stained {
                vectors: [three(0), three(3)],
                strengths: [numbers[6], numbers[7]],
            })),
            6 => Some(Self::Colours(ColourStatistics {
                mean: three(0),
                std: three(3),
            })),
            _ => None,
        }
    }
}

/// The middle value; of an even number the mean of both.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        f64::midpoint(values[half - 1], values[half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_patch_does_not_move_the_median() {
        let like = |strength: f64| {
            StainTarget::Stains(Stained {
                strengths: [strength, 1.0],
                ..REFERENCE
            })
        };
        let odd = StainTarget::Stains(Stained {
            vectors: [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
            strengths: [50.0, 0.1],
        });
        let median = StainTarget::median(&[like(1.0), odd, like(1.1)]).unwrap();
        let stains = median.stains().unwrap();
        assert!((stains.strengths[0] - 1.1).abs() < 1e-12);
        let reference = REFERENCE.vectors.map(unit);
        for (got, wanted) in stains.vectors.iter().zip(reference) {
            assert!(got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3));
        }
        assert_eq!(StainTarget::median(&[]), None);
    }
}
