//! Embeddings of an uncommon unit, that say nothing, or that a head cannot be solved on.

use super::array::Array;
use crate::run_files::{answers, rows};
use crate::scratch::{JOB, Scratch};

fn embedded() -> (Scratch, Array) {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    let array = Array::read(&scratch, "e");
    (scratch, array)
}

#[test]
fn the_unit_of_embeddings_changes_no_answer() {
    let (scratch, array) = embedded();
    for (name, unit) in [("plain", 1.0), ("small", 2.0_f32.powi(-30))] {
        let mut scaled = array.clone();
        scaled
            .tensor
            .values
            .iter_mut()
            .for_each(|value| *value *= unit);
        scaled.write(&scratch, name);
        let job = format!("run --data data --embeddings {name}.npy --out run-{name} {JOB}");
        scratch.eosin(&job).done();
    }
    let said = |name: &str| rows(&scratch.text(&format!("run-{name}/predictions.csv")));
    let [plain, small] = ["plain", "small"].map(said);
    assert_eq!(
        answers(&small, "test-average"),
        answers(&plain, "test-average")
    );
}

#[test]
fn embeddings_that_say_nothing_are_said_to() {
    let (scratch, mut array) = embedded();
    let mut state = 1_u32;
    for value in &mut array.tensor.values {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = f32::from(u16::try_from(state >> 16).expect("16 bits"));
    }
    array.write(&scratch, "noise");
    let job = format!("run --data data --embeddings noise.npy --out run {JOB}");
    let told = scratch.eosin(&job).done();
    told.says(&["says little but the shares of the classes"]);
}

#[test]
fn a_strength_that_only_rounding_would_answer_is_refused_and_the_run_goes_on_with_another() {
    let (scratch, mut array) = embedded();
    let width = array.tensor.shape[2];
    for row in array.tensor.values.chunks_exact_mut(width) {
        let (left, right) = row.split_at_mut(width / 2);
        right.copy_from_slice(left);
    }
    array.write(&scratch, "twice");
    for head in ["ridge", "lda"] {
        let job =
            format!("run --data data --embeddings twice.npy --out {head} --head {head} {JOB}");
        scratch
            .eosin(&format!("{job} --set train.strength=1e-12"))
            .refused(&["with strength 1e-12", "use a larger strength"]);
        scratch.eosin(&format!("{job} --overwrite")).done();
    }
}
