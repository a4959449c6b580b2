//! What members say of some patches.

/// Log probability below which none is told from another: `exp` of it is a normal number in single
/// precision still.
pub(crate) const LEAST_LOG_PROB: f32 = -80.0;

/// Probabilities of some members for some patches.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub classes: usize,
    pub patches: usize,
    /// Of each member, `[patches, classes]`.
    pub log_probs: Vec<Vec<f32>>,
    /// The same without the logarithm.
    pub probs: Vec<Vec<f32>>,
}

impl Said {
    /// Of members' logits, `[patches, classes]` each.
    pub fn new(members: &[&[f32]], classes: usize) -> Self {
        let log_probs: Vec<Vec<f32>> = members
            .iter()
            .map(|logits| log_softmax(logits, classes))
            .collect();
        let exp = |log_probs: &Vec<f32>| log_probs.iter().map(|value| value.exp()).collect();
        Self {
            classes,
            patches: members.first().map_or(0, |logits| logits.len() / classes),
            probs: log_probs.iter().map(exp).collect(),
            log_probs,
        }
    }

    /// Of some members and some patches, in that order.
    pub fn pick(&self, members: &[usize], patches: &[usize]) -> Self {
        let of = |all: &[Vec<f32>]| {
            let of_member = |member: &usize| rows_of(&all[*member], self.classes, patches);
            members.iter().map(of_member).collect()
        };
        Self {
            classes: self.classes,
            patches: patches.len(),
            log_probs: of(&self.log_probs),
            probs: of(&self.probs),
        }
    }

    /// Of some members and all patches.
    pub fn of_members(&self, members: &[usize]) -> Self {
        let of = |all: &[Vec<f32>]| members.iter().map(|at| all[*at].clone()).collect();
        Self {
            classes: self.classes,
            patches: self.patches,
            log_probs: of(&self.log_probs),
            probs: of(&self.probs),
        }
    }

    pub const fn members(&self) -> usize {
        self.probs.len()
    }
}

/// Some rows of `[patches, classes]`, one after another.
pub(crate) fn rows_of(all: &[f32], classes: usize, patches: &[usize]) -> Vec<f32> {
    let mut rows = Vec::with_capacity(patches.len() * classes);
    for patch in patches {
        rows.extend_from_slice(&all[patch * classes..][..classes]);
    }
    rows
}

fn log_softmax(logits: &[f32], classes: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // Without the largest, whose part is 1: of a sure row nothing would be left of the others.
        let mut rest = -1.0_f64;
        for logit in row {
            rest += (f64::from(*logit) - f64::from(largest)).exp();
        }
        let log_sum = rest.max(0.0).ln_1p();
        out.extend(row.iter().map(|logit| {
            let log_prob = narrow(f64::from(*logit) - f64::from(largest) - log_sum);
            log_prob.max(LEAST_LOG_PROB)
        }));
    }
    out
}

/// Logits of probabilities that need not sum to 1.
pub(crate) fn log_of(prob: f32) -> f32 {
    prob.ln().max(LEAST_LOG_PROB)
}

/// To single precision, in which logits are kept.
#[expect(
    clippy::cast_possible_truncation,
    reason = "logits are kept in single precision"
)]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_rows_keep_both_of_their_probabilities() {
        let said = Said::new(&[&[30.0, 0.0, 0.0, 300.0]], 2);
        assert!((said.log_probs[0][1] + 30.0).abs() < 1e-5);
        assert!(said.log_probs[0][0] <= 0.0);
        assert!((said.log_probs[0][2] - LEAST_LOG_PROB).abs() < 1e-6);
        assert!(said.probs[0].iter().all(|prob| *prob > 0.0));
    }
}
