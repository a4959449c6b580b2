//! A map of what speaks for each class.

use eosin_core::choice::choices;

choices! {
    /// How a map comes about.
    pub enum ExplainWay {
        /// Logits position by position: see [`class_maps`](eosin_models::Recording::class_maps). Their mean
        /// over positions is the patch's logits, exactly.
        ClassMap => "class-map",
        /// Values of the last map with places times the gradients of logits: see
        /// [`HiResCam`](eosin_models::HiResCam). For any network.
        HiResCam => "hires-cam",
        /// What is lost of the logarithm of a class's probability when a part of the patch is covered with
        /// the patch's mean colour (Zeiler & Fergus 2014, arXiv:1311.2901). For any model.
        Occlusion => "occlusion",
    }
}

/// What speaks for each class, place by place.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassMap {
    /// How it came about.
    pub way: ExplainWay,
    /// Places from top to bottom.
    pub height: usize,
    /// Places from left to right.
    pub width: usize,
    /// Classes.
    pub classes: usize,
    /// `[height, width, classes]`.
    pub values: Vec<f32>,
    /// Of the patch, mean over views and folds; by occlusion the logarithms of its probabilities, which are
    /// its logits but for a number that is the same for all classes.
    pub logits: Vec<f32>,
}

impl ClassMap {
    /// What speaks for a class and against the mean of all others, `[height, width]`.
    pub fn evidence(&self, class: usize) -> Vec<f32> {
        let of_place = |values: &[f32]| evidence(values, class);
        self.values
            .chunks_exact(self.classes)
            .map(of_place)
            .collect()
    }

    /// The same of the patch as a whole.
    pub fn evidence_of_patch(&self, class: usize) -> f32 {
        evidence(&self.logits, class)
    }

    /// The class with the largest logit, the first of equals.
    pub fn likeliest(&self) -> usize {
        let better = |best: usize, class: usize| {
            if self.logits[class] > self.logits[best] {
                class
            } else {
                best
            }
        };
        (0..self.classes).fold(0, better)
    }
}

fn evidence(values: &[f32], class: usize) -> f32 {
    let others = values.iter().sum::<f32>() - values[class];
    values[class] - others / (values.len() - 1).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_for_a_class_against_the_others() {
        let map = ClassMap {
            way: ExplainWay::ClassMap,
            height: 1,
            width: 2,
            classes: 3,
            values: vec![1.0, 2.0, 4.0, 0.0, 0.0, -3.0],
            logits: vec![0.5, 1.0, 0.5],
        };
        assert_eq!(map.evidence(2), [2.5, -3.0]);
        assert!((map.evidence_of_patch(1) - 0.5).abs() < 1e-6);
        assert_eq!(map.likeliest(), 1);
    }
}
