//! How far a model is drawn back to the shares of the classes.

use crate::loss::backward;

/// Halvings of the interval that holds the best share.
const HALVINGS: usize = 24;

/// What a model says of a patch that it has not seen.
pub(crate) struct Judged {
    /// Mean logits over the patch's views, one a column.
    pub logits: Vec<f32>,
    /// The logits of the shares of the classes that the model was trained on.
    pub prior: Vec<f32>,
    /// As [`Targets::wanted`](crate::Targets::wanted) has it.
    pub wanted: Vec<f32>,
}

/// The share of a model that is kept, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shrunk {
    /// 1 is the model as it was solved, 0 the shares of the classes.
    pub kept: f64,
    /// Sum of the losses.
    pub loss: f64,
}

/// The share in 0 to `most` under which `kept z + (1 - kept) prior` has the least loss on patches
/// that were not seen: where nothing generalises, a model is drawn back to the shares of the classes.
/// A `most` above 1 is for models whose logits have no scale of their own. The loss is convex in it.
pub(crate) fn shrink(judged: &[Judged], most: f64) -> Shrunk {
    let (mut low, mut high) = (0.0, 1.0_f64.min(most));
    let mut end = at(judged, high);
    while end.slope <= 0.0 {
        if high >= most {
            return Shrunk {
                kept: high,
                loss: end.loss,
            };
        }
        (low, high) = (high, (2.0 * high).min(most));
        end = at(judged, high);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if at(judged, middle).slope > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    Shrunk {
        kept: low,
        loss: at(judged, low).loss,
    }
}

/// A loss and its derivative with respect to the share that is kept.
struct LossAndSlope {
    loss: f64,
    slope: f64,
}

fn at(judged: &[Judged], kept: f64) -> LossAndSlope {
    let (mut loss, mut slope) = (0.0, 0.0);
    let kept = crate::table::narrow(kept);
    let mut row = Vec::new();
    for one in judged {
        let pairs = one.logits.iter().zip(&one.prior);
        row.clear();
        row.extend(pairs.map(|(logit, prior)| kept * logit + (1.0 - kept) * prior));
        loss += backward(&mut row, &one.wanted).loss;
        let ways = one.logits.iter().zip(&one.prior);
        for (derivative, (logit, prior)) in row.iter().zip(ways) {
            slope += f64::from(*derivative) * f64::from(logit - prior);
        }
    }
    LossAndSlope { loss, slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(logit: f32, target: usize) -> Judged {
        let mut wanted = vec![0.0; 2];
        wanted[target] = 1.0;
        Judged {
            logits: vec![logit],
            prior: vec![0.0],
            wanted,
        }
    }

    #[test]
    fn a_model_that_knows_nothing_is_drawn_back_to_the_shares_and_one_that_knows_is_kept() {
        let guessing: Vec<Judged> = (0..40)
            .map(|at| judged(if at % 4 < 2 { 5.0 } else { -5.0 }, at % 2))
            .collect();
        let Shrunk { kept, loss } = shrink(&guessing, 1.0);
        assert!(kept < 1e-6, "{kept}");
        assert!((loss / 40.0 - 2.0_f64.ln()).abs() < 1e-6);
        let knowing: Vec<Judged> = (0..40)
            .map(|at| judged(if at % 2 == 1 { 2.0 } else { -2.0 }, at % 2))
            .collect();
        assert!((shrink(&knowing, 1.0).kept - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_model_that_is_too_sure_is_brought_to_the_best_share() {
        // Right three times of four: the best logit is ln 3.
        let rows: Vec<Judged> = (0..40)
            .map(|at| judged(4.0, usize::from(at % 4 != 0)))
            .collect();
        let kept = shrink(&rows, 1.0).kept;
        assert!((kept - 3.0_f64.ln() / 4.0).abs() < 1e-6, "{kept}");
    }

    #[test]
    fn a_model_without_a_scale_gets_the_best_one_up_to_the_most() {
        let rows: Vec<Judged> = (0..40)
            .map(|at| judged(0.01, usize::from(at % 4 != 0)))
            .collect();
        let kept = shrink(&rows, 1000.0).kept;
        assert!((kept / (100.0 * 3.0_f64.ln()) - 1.0).abs() < 1e-4, "{kept}");
        assert!((shrink(&rows, 50.0).kept - 50.0).abs() < 1e-12);
    }
}
