//! The loss of one row under many models of two classes, in loops that compilers turn into vectors.

/// What rows add up to, model by model.
#[derive(Clone, Debug)]
pub(crate) struct RowSums {
    pub losses: Vec<f32>,
    pub slopes: Vec<f32>,
}

impl RowSums {
    pub(crate) fn new(models: usize) -> Self {
        Self {
            losses: vec![0.0; models],
            slopes: vec![0.0; models],
        }
    }
}

/// What the two classes' negative log probabilities are multiplied by, model by model.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub first: Vec<f32>,
    pub second: Vec<f32>,
}

/// Turns `logits` (`z`: of the second class less that of the first, one a model) into derivatives of
/// `second softplus(-z) + first softplus(z)`, adds to `sums`, and gives the sum of the curvatures.
pub(crate) fn backward_row(logits: &mut [f32], wanted: &Wanted, sums: &mut RowSums) -> f32 {
    let mut curvature = 0.0;
    let wanted = wanted.first.iter().zip(&wanted.second);
    let sums = sums.losses.iter_mut().zip(&mut sums.slopes);
    for ((logit, (first, second)), (loss, slope)) in logits.iter_mut().zip(wanted).zip(sums) {
        let z = *logit;
        let small = exp_of_negative(-z.abs());
        let sure = 1.0 / (1.0 + small);
        let unsure = small * sure;
        let (prob, other) = if z >= 0.0 {
            (sure, unsure)
        } else {
            (unsure, sure)
        };
        // softplus(-|z|); the other is larger by |z|.
        let softplus = ln_1p_of_share(small);
        let mass = first + second;
        // Not `mass * prob - second`: of a row that is told well, nothing would be left of it.
        let derivative = first * prob - second * other;
        *loss += mass * softplus + first * z.max(0.0) + second * (-z).max(0.0);
        *slope += derivative;
        curvature += mass * unsure * sure;
        *logit = derivative;
    }
    curvature
}

/// `exp(x)` for `x <= 0`, to about 1e-7 of itself: `2^n` times a polynomial on `ln 2 / 2` either side
/// of 0 (Cephes' `expf`).
#[inline(always)]
fn exp_of_negative(x: f32) -> f32 {
    /// Adding it leaves a whole number in the last bits.
    const SHIFT: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let value = p * r * r + r + 1.0;
    // The whole number, moved to where an exponent stands.
    let power = (shifted.to_bits() << 23).wrapping_add(127 << 23);
    value * f32::from_bits(power)
}

/// `ln(1 + x)` for `x` from 0 to 1, to about 2e-7 of itself: `2 atanh(x / (2 + x))`.
#[inline(always)]
fn ln_1p_of_share(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let q = s * s;
    let p = 1.0 / 13.0;
    let p = p * q + 1.0 / 11.0;
    let p = p * q + 1.0 / 9.0;
    let p = p * q + 1.0 / 7.0;
    let p = p * q + 0.2;
    let p = p * q + 1.0 / 3.0;
    let p = p * q + 1.0;
    2.0 * s * p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_and_logarithms_are_right_to_six_digits() {
        for step in 0..20_000_u16 {
            let x = f32::from(step) * -0.004;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp_of_negative(x)) / expected - 1.0).abs();
            assert!(error < 3e-7, "exp({x}): {error}");
            let share = exp_of_negative(x);
            let expected = f64::from(share).ln_1p();
            let error = (f64::from(ln_1p_of_share(share)) / expected - 1.0).abs();
            assert!(error < 5e-7, "ln(1 + {share}): {error}");
        }
    }

    #[test]
    fn a_row_of_models_equals_each_by_itself() {
        let logits = [-100.0_f32, -1.5, 0.0, 0.25, 3.0, 90.0];
        let wanted = Wanted {
            first: vec![0.3, 0.0, 1.0, 0.05, 1.0, 0.4],
            second: vec![0.7, 2.0, 0.0, 0.95, 0.0, 0.6],
        };
        let (mut together, mut sums) = (logits, RowSums::new(6));
        let curvature = backward_row(&mut together, &wanted, &mut sums);
        let mut total = 0.0;
        for (at, logit) in logits.iter().enumerate() {
            let mut alone = [*logit];
            let wanted = [wanted.first[at], wanted.second[at]];
            let loss = crate::loss::backward(&mut alone, &wanted);
            total += loss.curvature;
            assert!((alone[0] - together[at]).abs() < 1e-6);
            let error = (loss.loss - f64::from(sums.losses[at])).abs();
            assert!(error < 1e-6 * loss.loss.max(1.0), "{logit}: {error}");
        }
        assert!((curvature - total).abs() < 1e-6);
    }
}
