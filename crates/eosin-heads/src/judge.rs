//! What models say of patches that they have not seen.

use crate::inner::InnerModel;
use crate::loss::Targets;
use crate::shrink::{Judged, Shrunk, shrink};

/// What each choice keeps of its models, `most` at most, and their mean log loss then. `logits` gives
/// those of a patch by the model at a place, one a column.
pub(crate) fn judge(
    models: &[&InnerModel],
    targets: &Targets<'_>,
    choices: usize,
    most: f64,
    logits: impl Fn(usize, usize) -> Vec<f32>,
) -> Vec<Shrunk> {
    let plain = Targets {
        label_smoothing: 0.0,
        ..*targets
    };
    let mut judged: Vec<Vec<Judged>> = (0..choices).map(|_| Vec::new()).collect();
    let mut masses = vec![0.0; choices];
    for (at, model) in models.iter().enumerate() {
        let factors = model.part.class_factors(targets);
        let prior = model.part.prior(targets);
        for judging in &model.judges {
            for patch in &judging.patches {
                let target = targets.classes_of[*patch];
                judged[judging.choice].push(Judged {
                    logits: logits(at, *patch),
                    prior: prior.clone(),
                    wanted: plain.wanted(target, 1.0, &factors),
                });
                masses[judging.choice] += f64::from(factors[target]);
            }
        }
    }
    let shrunk = judged.iter().zip(masses).map(|(judged, mass)| {
        let shrunk = shrink(judged, most);
        Shrunk {
            loss: shrunk.loss / mass,
            ..shrunk
        }
    });
    shrunk.collect()
}

/// Whether the models of a choice judge a patch of every class.
pub(crate) fn judges_all(models: &[&InnerModel], targets: &Targets<'_>, choice: usize) -> bool {
    let mut seen = vec![false; targets.classes];
    let all = models.iter().flat_map(|model| &model.judges);
    for judging in all.filter(|judging| judging.choice == choice) {
        for patch in &judging.patches {
            seen[targets.classes_of[*patch]] = true;
        }
    }
    seen.into_iter().all(|seen| seen)
}
