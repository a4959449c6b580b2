//! What tests of heads share.

use std::ops::Range;

use eosin_heads::{EmbeddingRows, HeadError, Targets, TrainingPart};
use serde_json::Value;

pub struct Rows {
    pub views: usize,
    pub width: usize,
    pub values: Vec<f32>,
}

impl EmbeddingRows for Rows {
    fn patches(&self) -> usize {
        self.values.len() / (self.views * self.width)
    }

    fn views(&self) -> usize {
        self.views
    }

    fn width(&self) -> usize {
        self.width
    }

    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError> {
        let stride = self.views * self.width;
        out.copy_from_slice(&self.values[range.start * stride..range.end * stride]);
        Ok(())
    }
}

/// What a golden case is about.
pub struct Golden {
    pub rows: Rows,
    classes_of: Vec<usize>,
    classes: usize,
    train: Vec<usize>,
    class_weights: Vec<f32>,
}

impl Golden {
    pub fn new(case: &Value) -> Self {
        Self {
            rows: Rows {
                views: small(&case["views"]),
                width: small(&case["width"]),
                values: narrow(&numbers(&case["x"])),
            },
            classes_of: counts(&case["targets"]),
            classes: small(&case["classes"]),
            train: counts(&case["train"]),
            class_weights: narrow(&numbers(&case["class_weights"])),
        }
    }

    pub fn targets(&self) -> Targets<'_> {
        Targets {
            classes_of: &self.classes_of,
            classes: self.classes,
            label_smoothing: 0.0,
        }
    }

    pub fn part(&self) -> TrainingPart {
        TrainingPart {
            class_weights: self.class_weights.clone(),
            ..TrainingPart::of(&self.train, &self.targets())
        }
    }
}

pub fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a test's own input");
    list.iter()
        .map(|number| number.as_f64().expect("a test's own input"))
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "values of tests are small")]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn counts(value: &Value) -> Vec<usize> {
    let list = value.as_array().expect("a test's own input").iter();
    list.map(|n| {
        usize::try_from(n.as_u64().expect("a test's own input")).expect("a test's own input")
    })
    .collect()
}

fn small(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a test's own input")).expect("a test's own input")
}

/// Patches of two classes that overlap, some values alike in all, more values than rows if asked.
pub fn overlapping(patches: usize, width: usize) -> (Rows, Vec<usize>) {
    let targets: Vec<usize> = (0..patches)
        .map(|patch| usize::from(patch % 3 == 0))
        .collect();
    let views = 2;
    let mut values = Vec::new();
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).expect("a test's own input")) / 32_768.0 - 1.0
    };
    for target in &targets {
        let own: Vec<f32> = (0..width).map(|_| noise()).collect();
        for _ in 0..views {
            for (at, own) in own.iter().enumerate() {
                let shift = if at < 3 { 0.4 * *target as f32 } else { 0.0 };
                let constant = if at == width - 1 { 0.0 } else { 1.0 };
                values.push(constant * (own + shift + 0.1 * noise()) + 5.0);
            }
        }
    }
    let rows = Rows {
        views,
        width,
        values,
    };
    (rows, targets)
}

pub fn binary(classes_of: &[usize]) -> Targets<'_> {
    Targets {
        classes_of,
        classes: 2,
        label_smoothing: 0.0,
    }
}

pub fn folds(patches: usize, count: usize) -> Vec<Vec<usize>> {
    let fold = |fold| (0..patches).filter(|patch| patch % count == fold).collect();
    (0..count).map(fold).collect()
}
