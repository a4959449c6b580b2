//! Cross-entropy with label smoothing and class weights.

/// Loss of a batch and its gradient with respect to the logits.
///
/// As `torch.nn.functional.cross_entropy(weight=w, label_smoothing=s)`:
/// `sum_i [ (1-s) w_t(i) (-log p_i,t(i)) + s/C sum_c w_c (-log p_i,c) ] / sum_i w_t(i)`
/// (label smoothing: Szegedy et al. 2016, arXiv:1512.00567).
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// Share of the target probability spread over all classes.
    pub label_smoothing: f32,
    /// One weight a class.
    pub class_weights: Vec<f32>,
}

impl CrossEntropy {
    /// The loss of `logits` (`[rows, classes]`) against `targets`; `gradient` receives its
    /// derivative with respect to each logit.
    ///
    /// # Panics
    /// When the lengths do not fit.
    pub fn backward(&self, logits: &[f32], targets: &[usize], gradient: &mut [f32]) -> f64 {
        let classes = self.class_weights.len();
        assert_eq!(
            logits.len(),
            targets.len() * classes,
            "one logit a row and class"
        );
        assert_eq!(gradient.len(), logits.len(), "one derivative a logit");
        let norm: f32 = targets
            .iter()
            .map(|target| self.class_weights[*target])
            .sum();
        let spread = self.label_smoothing / classes as f32;
        let mut total = 0.0;
        let rows = logits
            .chunks_exact(classes)
            .zip(gradient.chunks_exact_mut(classes));
        for ((row, derivative), target) in rows.zip(targets) {
            let log_norm = log_sum_exp(row);
            let mut mass = 0.0;
            for (class, (logit, slot)) in row.iter().zip(derivative.iter_mut()).enumerate() {
                let hit = if class == *target {
                    1.0 - self.label_smoothing
                } else {
                    0.0
                };
                let wanted = (hit + spread) * self.class_weights[class];
                total += f64::from(wanted * (log_norm - logit));
                mass += wanted;
                *slot = -wanted / norm;
            }
            for (logit, slot) in row.iter().zip(derivative) {
                *slot += mass * (logit - log_norm).exp() / norm;
            }
        }
        total / f64::from(norm)
    }
}

fn log_sum_exp(row: &[f32]) -> f32 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    largest
        + row
            .iter()
            .map(|logit| (logit - largest).exp())
            .sum::<f32>()
            .ln()
}

/// Logits (`[rows, classes]`) to probabilities, in place.
pub fn softmax(logits: &mut [f32], classes: usize) {
    for row in logits.chunks_exact_mut(classes) {
        let log_norm = log_sum_exp(row);
        for logit in row {
            *logit = (*logit - log_norm).exp();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 9] = [0.2, -1.0, 0.7, 2.0, 0.1, -0.3, 0.0, 0.5, 0.4];
    const TORCH_LOSS: f64 = 0.752_756_8;
    const TARGETS: [usize; 3] = [2, 0, 1];

    fn loss(logits: &[f32]) -> (f64, Vec<f32>) {
        let criterion = CrossEntropy {
            label_smoothing: 0.1,
            class_weights: vec![1.0, 2.0, 0.5],
        };
        let mut gradient = vec![0.0; logits.len()];
        (
            criterion.backward(logits, &TARGETS, &mut gradient),
            gradient,
        )
    }

    #[test]
    fn loss_equals_torch() {
        // torch.nn.functional.cross_entropy(LOGITS, TARGETS, weight=[1, 2, .5], label_smoothing=.1)
        assert!(
            (loss(&LOGITS).0 - TORCH_LOSS).abs() < 1e-6,
            "{}",
            loss(&LOGITS).0
        );
    }

    #[test]
    fn gradient_equals_finite_differences() {
        let (_, gradient) = loss(&LOGITS);
        for i in 0..LOGITS.len() {
            let shifted = |by: f32| {
                let mut logits = LOGITS;
                logits[i] += by;
                loss(&logits).0
            };
            let slope = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
            assert!(
                (slope - f64::from(gradient[i])).abs() < 1e-4,
                "{i}: {slope} {}",
                gradient[i]
            );
        }
    }

    #[test]
    fn probabilities_add_up_and_survive_large_logits() {
        let mut logits = [1000.0, 0.0, -1000.0];
        softmax(&mut logits, 3);
        assert_eq!(
            logits.map(f32::to_bits),
            [1.0_f32, 0.0, 0.0].map(f32::to_bits)
        );
    }
}
