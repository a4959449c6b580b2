//! What fitted combiners do, as a graph does it.

use eosin_ensemble::{Combiner, Fitted, Method};
use eosin_models::OnnxRule;

use crate::error::TrainError;

/// What the combiners of all folds, of one method, do.
pub(crate) fn rule(combiners: &[Combiner]) -> Result<OnnxRule, TrainError> {
    let members = combiners[0].members();
    let by_member = |of_fold: &dyn Fn(&Combiner) -> Result<Vec<f64>, TrainError>| {
        let folds = combiners.iter().map(of_fold);
        let folds = folds.collect::<Result<Vec<Vec<f64>>, TrainError>>()?;
        let member = |at: usize| folds.iter().map(|weights| narrow(weights[at])).collect();
        Ok::<Vec<Vec<f32>>, TrainError>((0..members).map(member).collect())
    };
    let equal = |_: &Combiner| Ok(vec![1.0 / members as f64; members]);
    let classes = combiners[0].classes();
    Ok(match combiners[0].method() {
        Method::Hard => OnnxRule::Votes,
        Method::Power => OnnxRule::Squares,
        Method::Soft => OnnxRule::Probs(by_member(&equal)?),
        Method::Weighted | Method::Greedy => OnnxRule::Probs(by_member(&shares)?),
        Method::Geometric => OnnxRule::LogProbs {
            weights: by_member(&equal)?,
            bias: vec![0.0; combiners.len() * classes],
        },
        Method::Logistic | Method::Ridge => OnnxRule::LogProbs {
            weights: by_member(&|one| Ok(linear(one)?.0.to_vec()))?,
            bias: combiners
                .iter()
                .map(|one| Ok(linear(one)?.1.iter().map(|value| narrow(*value)).collect()))
                .collect::<Result<Vec<Vec<f32>>, TrainError>>()?
                .concat(),
        },
        method @ (Method::Rank | Method::Concat) => {
            return Err(TrainError::Ensemble(format!(
                "no graph holds the method {method}"
            )));
        }
    })
}

fn shares(combiner: &Combiner) -> Result<Vec<f64>, TrainError> {
    match combiner.fitted() {
        Fitted::Weights(weights) => Ok(weights.clone()),
        Fitted::Counts(counts) => {
            let sum: f64 = counts.iter().map(|count| f64::from(*count)).sum();
            Ok(counts.iter().map(|count| f64::from(*count) / sum).collect())
        }
        _ => Err(unlike()),
    }
}

fn linear(combiner: &Combiner) -> Result<(&[f64], &[f64]), TrainError> {
    match combiner.fitted() {
        Fitted::Linear { weights, bias } => Ok((weights, bias)),
        _ => Err(unlike()),
    }
}

fn unlike() -> TrainError {
    TrainError::Ensemble("what was learned is not what its method learns".to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a graph computes in single precision"
)]
const fn narrow(value: f64) -> f32 {
    value as f32
}
