//! Whether a fresh model learns from a first batch.

use eosin_core::config::{LossKind, OptimiserKind, TrainConfig};
use eosin_core::{Seed, Stream};

use super::Finding;
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;
use crate::model::trainable::Trainable;
use crate::optimise::loss::Loss;
use crate::optimise::optimiser::Optimiser;

/// Patches of the batch.
const ROWS: usize = 8;
/// Steps in which it must be learned.
const STEPS: usize = 40;
/// Share of the first loss that is learned enough.
const LEARNED: f64 = 0.5;
/// The first loss may be so many times that of guessing.
const GUESSING: f64 = 3.0;

/// A batch of both sides must start near `ln(classes)`, be overfitted in a few steps, and then not
/// be predicted as one class. The model is the caller's to throw away.
///
/// # Errors
/// When a patch cannot be read.
pub(crate) fn check_model<M: Trainable>(
    model: &mut M,
    source: &dyn InputSource,
    rows: &[usize],
    targets: &[usize],
    classes: usize,
    seed: Seed,
) -> Result<Vec<Finding>, TrainError> {
    let rows = some_of_each(rows, targets, classes);
    let wanted: Vec<usize> = rows.iter().map(|row| targets[*row]).collect();
    let config = TrainConfig {
        loss: LossKind::CrossEntropy,
        label_smoothing: 0.0,
        optimiser: OptimiserKind::AdamW,
        weight_decay: 0.0,
        ..TrainConfig::default()
    };
    let loss = Loss::new(&config, vec![1.0; classes]);
    let inputs = source.under(View::UPRIGHT, &rows)?;
    let groups = std::sync::Arc::clone(model.groups());
    let mut state = model.initial();
    let mut gradients = vec![0.0; groups.decays.len()];
    let mut optimiser = Optimiser::new(&config, &groups);
    let (mut first, mut last, mut one_class) = (f64::NAN, f64::NAN, false);
    for step in 0..STEPS {
        let dropout = seed.stream(Stream::Dropout, &[u64::MAX, step as u64]);
        let mut of_logits = |logits: &[f32], out: &mut [f32]| {
            one_class = is_one_class(logits, classes);
            loss.backward(logits, &wanted, out)
        };
        let chance = (dropout, 0);
        last = model.gradients(
            &mut state,
            inputs.clone(),
            chance,
            &mut of_logits,
            &mut gradients,
        );
        if step == 0 {
            first = last;
        }
        if !last.is_finite() || (last < LEARNED * first && !one_class) {
            break;
        }
        // The last layer is fresh, and has further to go.
        let mut rates = vec![1e-3; groups.groups];
        rates[groups.groups - 1] = 1e-2;
        let count = gradients.len();
        optimiser.step(&mut state[..count], &gradients, &groups, &rates);
    }
    let guessing = (classes as f64).ln();
    let wild = first.is_nan() || first > GUESSING * guessing;
    let wild = wild.then(|| {
        format!(
            "the first loss is {first:.2}, that of guessing {guessing:.2}: check '--normalise' and \
             whether the weights belong to the backbone, or the scale of your own embeddings"
        )
    });
    let stuck = last.is_nan() || last > LEARNED * first;
    let stuck = stuck.then(|| {
        format!(
            "{} patches cannot be learned by heart: their loss went from {first:.3} to {last:.3} \
             in {STEPS} steps; check the labels, whether the patches differ, and the scale of your own \
             embeddings",
            rows.len()
        )
    });
    let several = wanted.iter().any(|target| *target != wanted[0]);
    let collapsed = (several && one_class).then(|| {
        "a batch of several classes is predicted as one class even when learned by heart".to_owned()
    });
    Ok(vec![
        Finding::new("the first loss is near ln(classes)", wild),
        Finding::new("one batch can be overfitted", stuck),
        Finding::new("predictions are not all one class", collapsed),
    ])
}

/// About [`ROWS`] rows, as many of each class.
fn some_of_each(rows: &[usize], targets: &[usize], classes: usize) -> Vec<usize> {
    let each = ROWS.div_ceil(classes).max(1);
    let of_class = |class: usize| {
        rows.iter()
            .copied()
            .filter(move |row| targets[*row] == class)
    };
    (0..classes)
        .flat_map(|class| of_class(class).take(each))
        .collect()
}

fn is_one_class(logits: &[f32], classes: usize) -> bool {
    let top = |row: &[f32]| (0..classes).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    let mut tops = logits.chunks_exact(classes).map(top);
    let first = tops.next();
    tops.all(|top| Some(top) == first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::draw::Draw;
    use crate::model::head_model::HeadModel;

    /// Embeddings that tell the classes apart by their first value, times `scale`.
    struct Rows(f32);

    impl InputSource for Rows {
        fn width(&self) -> usize {
            4
        }

        fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
            for (draw, out) in draws.iter().zip(out.chunks_exact_mut(4)) {
                let side = if draw.row % 2 == 0 { 3.0 } else { -3.0 };
                out.copy_from_slice(&[side * self.0, 1.0, 0.5, draw.row as f32 * 0.1]);
            }
            Ok(())
        }
    }

    fn problems(scale: f32, targets: &[usize]) -> Vec<String> {
        let mut model = HeadModel::new(&[4, 2], 0.0, Seed(1), 0);
        let rows: Vec<usize> = (0..targets.len()).collect();
        let findings = check_model(&mut model, &Rows(scale), &rows, targets, 2, Seed(1)).unwrap();
        let findings = findings.into_iter();
        findings
            .filter(|f| f.problem.is_some())
            .map(|f| f.check)
            .collect()
    }

    #[test]
    fn classes_that_differ_are_learned_and_noise_is_not() {
        let targets = [0, 1, 0, 1, 0, 1, 0, 1];
        assert_eq!(problems(1.0, &targets), [""; 0]);
        assert!(problems(0.0, &targets).contains(&"one batch can be overfitted".to_owned()));
    }
}
