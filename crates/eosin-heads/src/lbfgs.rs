//! The way of one model down to its optimum.

use std::collections::VecDeque;

/// Steps that are remembered.
const MEMORY: usize = 10;
/// A step is short enough when it comes down by this share of what its slope promises, or its slope
/// has fallen to [`SLOPE_LEFT`] of what it was. Of a convex function the latter is enough, and needs
/// no differences of nearly equal values.
const DECREASE: f64 = 1e-4;
const SLOPE_LEFT: f64 = 0.5;
/// A step that was shortened to this share of itself will not do better.
const SHORTEST: f64 = 1e-4;

/// L-BFGS (Nocedal 1980) whose first metric is given: a model's weights, and what was learnt of the
/// Hessian on the way.
pub(crate) struct Descent {
    /// Where it stands.
    pub weights: Vec<f64>,
    pub value: f64,
    pub gradient: Vec<f64>,
    /// `P^-1` of the gradient.
    preconditioned: Vec<f64>,
    memory: VecDeque<Step>,
    direction: Vec<f64>,
    /// Share of the direction that is tried.
    share: f64,
    /// Points tried.
    pub passes: usize,
    /// The least gap so far, and after how many points.
    least: Least,
}

/// When a gap was least.
#[derive(Clone, Copy, Debug)]
struct Least {
    gap: f64,
    passes: usize,
}

/// A step `s`, the change `y` of the gradient over it, and `P^-1 y`.
struct Step {
    s: Vec<f64>,
    y: Vec<f64>,
    preconditioned_y: Vec<f64>,
    inverse_dot: f64,
}

/// What a tried point comes to.
pub(crate) enum Trial {
    /// It is good enough to stand on.
    Accepted,
    /// A shorter step is to be tried.
    Shorten,
    /// No shorter step will do.
    Stuck,
}

impl Descent {
    /// Stands at `weights`.
    pub(crate) fn new(weights: Vec<f64>, value: f64, gradient: Vec<f64>) -> Self {
        Self {
            weights,
            value,
            gradient,
            preconditioned: Vec::new(),
            memory: VecDeque::new(),
            direction: Vec::new(),
            share: 1.0,
            passes: 1,
            least: Least {
                gap: f64::INFINITY,
                passes: 1,
            },
        }
    }

    /// Half the squared norm of the gradient in the metric: about how far the value is above the
    /// optimum's.
    pub(crate) fn gap(&self) -> f64 {
        0.5 * dot(&self.gradient, &self.preconditioned)
    }

    /// Points tried since the gap was last halved.
    pub(crate) fn in_vain(&mut self) -> usize {
        let (gap, passes) = (self.gap(), self.passes);
        if gap <= 0.5 * self.least.gap {
            self.least = Least { gap, passes };
        }
        passes - self.least.passes
    }

    /// Begins anew from here, with `P^-1` of the gradient under another metric.
    pub(crate) fn begin(&mut self, preconditioned: Vec<f64>) {
        self.memory.clear();
        self.preconditioned = preconditioned;
        self.aim();
    }

    /// The point to be tried next.
    pub(crate) fn trial(&self) -> Vec<f64> {
        let moved = self.weights.iter().zip(&self.direction);
        moved.map(|(at, step)| at + self.share * step).collect()
    }

    /// Judges the point that was tried.
    pub(crate) fn judge(&mut self, value: f64, gradient: &[f64]) -> Trial {
        self.passes += 1;
        let slope = dot(&self.gradient, &self.direction);
        let slope_there = dot(gradient, &self.direction);
        let comes_down = value <= self.value + DECREASE * self.share * slope;
        let flattens = slope_there.abs() <= SLOPE_LEFT * slope.abs();
        if value.is_finite() && (comes_down || flattens) {
            return Trial::Accepted;
        }
        // Where the slope along the direction would be 0, were it a parabola.
        let zero = slope / (slope - slope_there);
        let zero = if zero.is_finite() { zero } else { 0.5 };
        self.share *= zero.clamp(0.1, 0.7);
        if self.share < SHORTEST {
            Trial::Stuck
        } else {
            Trial::Shorten
        }
    }

    /// Steps onto the point that was accepted, with `P^-1` of the gradient there.
    pub(crate) fn advance(&mut self, value: f64, gradient: Vec<f64>, preconditioned: Vec<f64>) {
        let s: Vec<f64> = self
            .direction
            .iter()
            .map(|step| self.share * step)
            .collect();
        let y = difference(&gradient, &self.gradient);
        let curvature = dot(&s, &y);
        for (weight, step) in self.weights.iter_mut().zip(&s) {
            *weight += step;
        }
        if curvature > 1e-14 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
            if self.memory.len() == MEMORY {
                self.memory.pop_front();
            }
            self.memory.push_back(Step {
                preconditioned_y: difference(&preconditioned, &self.preconditioned),
                inverse_dot: 1.0 / curvature,
                s,
                y,
            });
        }
        self.value = value;
        self.gradient = gradient;
        self.preconditioned = preconditioned;
        self.aim();
    }

    /// The next direction, by the two loops of L-BFGS. `P^-1` is applied to nothing anew: it is
    /// linear, and what it makes of gradients and their changes is known.
    fn aim(&mut self) {
        let mut rest = self.gradient.clone();
        let mut turned = self.preconditioned.clone();
        let mut shares = Vec::with_capacity(self.memory.len());
        for step in self.memory.iter().rev() {
            let share = step.inverse_dot * dot(&step.s, &rest);
            subtract(&mut rest, share, &step.y);
            subtract(&mut turned, share, &step.preconditioned_y);
            shares.push(share);
        }
        if let Some(last) = self.memory.back() {
            let scale = 1.0 / (last.inverse_dot * dot(&last.y, &last.preconditioned_y));
            for value in &mut turned {
                *value *= scale;
            }
        }
        for (step, share) in self.memory.iter().zip(shares.into_iter().rev()) {
            let other = step.inverse_dot * dot(&step.y, &turned);
            subtract(&mut turned, other - share, &step.s);
        }
        self.direction = turned.into_iter().map(|value| -value).collect();
        self.share = 1.0;
        if dot(&self.direction, &self.gradient) >= 0.0 {
            self.memory.clear();
            self.direction = self.preconditioned.iter().map(|value| -value).collect();
        }
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn difference(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(a, b)| a - b).collect()
}

fn subtract(from: &mut [f64], share: f64, what: &[f64]) {
    for (value, other) in from.iter_mut().zip(what) {
        *value -= share * other;
    }
}
