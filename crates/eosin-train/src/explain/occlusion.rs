//! What a model loses when a part of a patch is covered.

use eosin_data::RgbPatch;

use super::class_map::{ClassMap, ExplainWay};
use crate::error::TrainError;
use crate::predict::predictor::Predictor;

/// Places along a side, each the middle of a cover.
const PLACES: usize = 8;
/// Side of a cover, in places.
const COVER: usize = 2;
/// Below it a probability is taken for this one, whose logarithm is finite.
const LEAST: f32 = 1e-30;

/// The map of a patch of the network's size.
///
/// # Errors
/// When a covered patch has values that the run's cache could not have kept.
pub(super) fn occlusion(predictor: &Predictor, patch: &RgbPatch) -> Result<ClassMap, TrainError> {
    let colour = mean_colour(patch);
    let mut patches = vec![patch.clone()];
    for row in 0..PLACES {
        patches.extend((0..PLACES).map(|column| covered(patch, [row, column], colour)));
    }
    let probs = predictor.predict_pixels(&patches)?;
    let logs: Vec<f32> = probs.iter().map(|prob| prob.max(LEAST).ln()).collect();
    let classes = probs.len() / patches.len();
    let (logits, covered) = logs.split_at(classes);
    let lost = covered.chunks_exact(classes).flat_map(|covered| {
        let lost = logits.iter().zip(covered).map(|(whole, left)| whole - left);
        lost.collect::<Vec<f32>>()
    });
    Ok(ClassMap {
        way: ExplainWay::Occlusion,
        height: PLACES,
        width: PLACES,
        classes,
        values: lost.collect(),
        logits: logits.to_vec(),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the mean of bytes is a byte"
)]
fn mean_colour(patch: &RgbPatch) -> [u8; 3] {
    let pixels = patch.pixels.as_chunks::<3>().0;
    let count = pixels.len().max(1) as u64;
    std::array::from_fn(|channel| {
        let sum: u64 = pixels.iter().map(|pixel| u64::from(pixel[channel])).sum();
        ((sum + count / 2) / count) as u8
    })
}

/// The patch with a square around the middle of a place covered.
fn covered(patch: &RgbPatch, place: [usize; 2], colour: [u8; 3]) -> RgbPatch {
    // Half a cover to either side of the middle, in parts of twice as many as places.
    let range = |place: usize, side: usize| {
        let part = |at: usize| at * side / (2 * PLACES);
        let middle = 2 * place + 1;
        part(middle.saturating_sub(COVER))..part((middle + COVER).min(2 * PLACES))
    };
    let (rows, columns) = (
        range(place[0], patch.height_px),
        range(place[1], patch.width_px),
    );
    let mut covered = patch.clone();
    let pixels = covered.pixels.as_chunks_mut::<3>().0;
    for row in rows {
        pixels[row * patch.width_px..][..patch.width_px][columns.clone()].fill(colour);
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_lie_around_their_places_and_together_over_all() {
        let patch = RgbPatch::filled(32, 32, [10, 20, 30]);
        assert_eq!(mean_colour(&patch), [10, 20, 30]);
        let mut met = vec![false; 32 * 32];
        for row in 0..PLACES {
            for column in 0..PLACES {
                let covered = covered(&patch, [row, column], [0; 3]);
                let pixels = covered.pixels.as_chunks::<3>().0.iter().enumerate();
                let hidden: Vec<usize> = pixels
                    .filter(|(_, pixel)| **pixel == [0; 3])
                    .map(|(at, _)| at)
                    .collect();
                let inner = |at: usize| at > 0 && at < PLACES - 1;
                if inner(row) && inner(column) {
                    assert_eq!(hidden.len(), 64);
                    assert_eq!(hidden[0], (4 * row - 2) * 32 + 4 * column - 2);
                }
                for at in hidden {
                    met[at] = true;
                }
            }
        }
        assert!(met.iter().all(|met| *met));
    }
}
