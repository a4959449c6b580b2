//! Kernels of several parameters, mixed.

use super::kernels::Kernels;
use super::parts::weights;
use crate::normal::log_sum;
use crate::space::Parameter;

/// A mixture of products of kernels: one product a trial, and the prior last.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// What each product counts; the sum is 1.
    pub weights: Vec<f64>,
    /// The kernels of each parameter.
    pub kernels: Vec<Kernels>,
}

impl Mixture {
    /// The mixture over trials' places, `[trials, parameters]`, the oldest trial first.
    pub fn over(parameters: &[&Parameter], places: &[Vec<f64>]) -> Self {
        let mut weights = weights(places.len());
        weights.push(1.0);
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let of_parameter = |(index, parameter): (usize, &&Parameter)| {
            let column: Vec<f64> = places.iter().map(|row| row[index]).collect();
            Kernels::over(&parameter.domain, &column)
        };
        let kernels = parameters.iter().enumerate().map(of_parameter).collect();
        Self { weights, kernels }
    }

    /// `ln` of the density at a place, a number a parameter.
    pub fn log_density(&self, place: &[f64]) -> f64 {
        let mut sums: Vec<f64> = self.weights.iter().map(|weight| weight.ln()).collect();
        for (kernels, at) in self.kernels.iter().zip(place) {
            for (sum, log) in sums.iter_mut().zip(kernels.log_densities(*at)) {
                *sum += log;
            }
        }
        sums.into_iter().fold(f64::NEG_INFINITY, log_sum)
    }

    /// A place at random; `random` gives numbers from 0 to 1, the first of which chooses the product
    /// and each further one a parameter's place in it.
    pub fn draw(&self, random: &mut dyn FnMut() -> f64) -> Vec<f64> {
        let share = random();
        let mut below = 0.0;
        let kernel = self.weights.iter().position(|weight| {
            below += weight;
            share < below
        });
        let kernel = kernel.unwrap_or(self.weights.len() - 1);
        let place = |kernels: &Kernels| kernels.quantile(kernel, random());
        self.kernels.iter().map(place).collect()
    }
}
