//! The kernels of one parameter: one a trial, and the prior last.

use crate::domain::{Domain, Scale};
use crate::normal::{log_density, log_mass, truncated_quantile};
use crate::whole::index;

/// The kernels of one parameter: one a trial, and the prior last.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernels {
    /// Probabilities of the choices, a row a kernel.
    Choices(Vec<Vec<f64>>),
    /// Normal distributions on the parameter's scale, cut off at its ends.
    Normals(Normals),
}

/// Normal distributions, cut off at the ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Normals {
    /// Their middles, on the scale.
    pub means: Vec<f64>,
    /// Their widths.
    pub sigmas: Vec<f64>,
    /// Where they are cut off, on the scale: half a step beyond the ends of whole numbers.
    pub low: f64,
    /// Likewise above.
    pub high: f64,
    /// From one value to the next, of whole numbers.
    pub step: Option<f64>,
    /// How numbers are compared.
    pub scale: Scale,
}

impl Kernels {
    /// Kernels at the places of trials, the oldest first.
    pub fn over(domain: &Domain, places: &[f64]) -> Self {
        match domain {
            Domain::Choice { values } => Self::Choices(choices(values.len(), places)),
            Domain::Integer {
                low,
                high,
                step,
                scale,
            } => {
                let step = *step as f64;
                let ends = [*low as f64 - step / 2.0, *high as f64 + step / 2.0];
                Self::Normals(Normals::over(ends, Some(step), *scale, places))
            }
            Domain::Float {
                low, high, scale, ..
            } => Self::Normals(Normals::over([*low, *high], None, *scale, places)),
        }
    }

    /// `ln` of the density (of choices and whole numbers: of the probability) of each kernel at a
    /// place.
    pub fn log_densities(&self, place: f64) -> Vec<f64> {
        match self {
            Self::Choices(rows) => rows.iter().map(|row| row[index(place)].ln()).collect(),
            Self::Normals(normals) => normals.log_densities(place),
        }
    }

    /// The place that divides a kernel by `share`.
    pub fn quantile(&self, kernel: usize, share: f64) -> f64 {
        match self {
            Self::Choices(rows) => {
                let row = &rows[kernel];
                let mut below = 0.0;
                let at = row.iter().position(|chance| {
                    below += chance;
                    share < below
                });
                at.unwrap_or(row.len() - 1) as f64
            }
            Self::Normals(normals) => normals.quantile(kernel, share),
        }
    }
}

/// Every choice has a share of one kernel, the one that was chosen one more.
fn choices(count: usize, places: &[f64]) -> Vec<Vec<f64>> {
    let kernels = places.len() + 1;
    let even = 1.0 / kernels as f64;
    let row = |chosen: Option<usize>| {
        let total = even * count as f64 + if chosen.is_some() { 1.0 } else { 0.0 };
        (0..count)
            .map(|at| (even + if Some(at) == chosen { 1.0 } else { 0.0 }) / total)
            .collect()
    };
    let mut rows: Vec<Vec<f64>> = places.iter().map(|at| row(Some(index(*at)))).collect();
    rows.push(row(None));
    rows
}

impl Normals {
    fn over(ends: [f64; 2], step: Option<f64>, scale: Scale, places: &[f64]) -> Self {
        let [low, high] = ends.map(|end| scale.of(end));
        let mut means: Vec<f64> = places.iter().map(|place| scale.of(*place)).collect();
        let mut sigmas = widths(&means, low, high);
        means.push(0.5 * (low + high));
        sigmas.push(high - low);
        Self {
            means,
            sigmas,
            low,
            high,
            step,
            scale,
        }
    }

    /// Kernels of given middles and widths, of whole numbers one apart.
    pub(crate) fn of_steps(means: Vec<f64>, sigmas: Vec<f64>, last: usize) -> Self {
        Self {
            means,
            sigmas,
            low: -0.5,
            high: last as f64 + 0.5,
            step: Some(1.0),
            scale: Scale::Linear,
        }
    }

    pub(crate) fn log_densities(&self, place: f64) -> Vec<f64> {
        let of_kernel = |(mean, sigma): (&f64, &f64)| {
            let at = |number: f64| (number - mean) / sigma;
            let whole = log_mass(at(self.low), at(self.high));
            match self.step {
                None => log_density(at(self.scale.of(place))) - whole - sigma.ln(),
                Some(step) => {
                    let [from, to] =
                        [place - step / 2.0, place + step / 2.0].map(|end| at(self.scale.of(end)));
                    log_mass(from, to) - whole
                }
            }
        };
        self.means.iter().zip(&self.sigmas).map(of_kernel).collect()
    }

    fn quantile(&self, kernel: usize, share: f64) -> f64 {
        let (mean, sigma) = (self.means[kernel], self.sigmas[kernel]);
        let at = |number: f64| (number - mean) / sigma;
        let drawn = truncated_quantile(share, at(self.low), at(self.high)) * sigma + mean;
        let number = self.scale.back(drawn);
        let [low, high] = [self.low, self.high].map(|end| self.scale.back(end));
        let Some(step) = self.step else {
            return number.clamp(low, high);
        };
        let [first, last] = [low + step / 2.0, high - step / 2.0];
        let steps = ((number - first) / step).round();
        (first + steps * step).clamp(first, last).round()
    }
}

/// The distance to the farther of both neighbours, within limits; of the outermost to the only one.
/// Equal places keep the order of their trials.
fn widths(means: &[f64], low: f64, high: f64) -> Vec<f64> {
    let count = means.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| means[*one].total_cmp(&means[*other]));
    let least = (high - low) / f64::min(100.0, 2.0 + count as f64);
    let mut sigmas = vec![0.0; count];
    for (rank, &at) in order.iter().enumerate() {
        let below = rank
            .checked_sub(1)
            .map(|rank| means[at] - means[order[rank]]);
        let above = order.get(rank + 1).map(|next| means[*next] - means[at]);
        let gap = match (below, above) {
            (Some(below), Some(above)) => below.max(above),
            (Some(gap), None) | (None, Some(gap)) => gap,
            (None, None) => (means[at] - low).max(high - means[at]),
        };
        sigmas[at] = gap.clamp(least, high - low);
    }
    sigmas
}
