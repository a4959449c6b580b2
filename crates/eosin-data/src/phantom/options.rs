//! How many phantoms, how large and how hard.

use eosin_core::Seed;
use serde::{Deserialize, Serialize};

use super::PhantomError;

/// Names of the two classes, in order.
pub(super) const CLASSES: [&str; 2] = ["benign", "malignant"];

/// In a patient with cancer every fifth patch shows benign tissue all the same.
const BENIGN_EVERY: usize = 5;

/// A synthetic set: patients with slides with patches.
///
/// A share of the patients has cancer, and four fifths of their patches are malignant; all other
/// patches are benign. Patients share stain, tissue and severity, so random folds flatter the score
/// as they do on real patches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhantomOptions {
    /// Number of patients to train on.
    pub patients: usize,
    /// Number of further patients, in the test part.
    pub test_patients: usize,
    /// Slides of each patient.
    pub slides_per_patient: usize,
    /// Patches of each slide.
    pub patches_per_slide: usize,
    /// Side of a patch.
    pub size_px: usize,
    /// Micrometres per pixel: nuclei keep their size in micrometres.
    pub mpp: f64,
    /// Share of malignant patches aimed at, 0.05 to 0.8.
    pub malignant_fraction: f64,
    /// 0 is easy and 1 impossible. The classes' atypia is normal with variance 1 and means
    /// `5 * (1 - difficulty)` apart, so no classifier's AUROC exceeds `Phi(distance / sqrt(2))` by
    /// much: 0.98 at 0.4, 0.96 at 0.5, 0.86 at 0.7.
    pub difficulty: f64,
    /// The seed; `Stream::Phantom` by patient, slide and patch.
    pub seed: Seed,
}

impl Default for PhantomOptions {
    /// 600 patches of 96 px from 12 patients for training, 200 from 4 for testing.
    fn default() -> Self {
        Self {
            patients: 12,
            test_patients: 4,
            slides_per_patient: 2,
            patches_per_slide: 25,
            size_px: 96,
            mpp: 0.75,
            malignant_fraction: 0.4,
            difficulty: 0.4,
            seed: Seed::default(),
        }
    }
}

/// Which patch of which slide of which patient, each from 0; slides count within their patient and
/// patches within their slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhantomPosition {
    /// The patient; test patients follow the training ones.
    pub patient: usize,
    /// The slide.
    pub slide: usize,
    /// The patch.
    pub patch: usize,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhantomSummary {
    /// Benign and malignant patches in the training part.
    pub train: [usize; 2],
    /// Benign and malignant patches in the test part.
    pub test: [usize; 2],
}

impl PhantomOptions {
    /// Distance between the classes' mean atypia, in standard deviations.
    pub fn separation(&self) -> f64 {
        5.0 * (1.0 - self.difficulty)
    }

    /// The class at a position: 0 benign, 1 malignant. Does not depend on any count.
    pub fn class_of(&self, position: PhantomPosition) -> usize {
        let malignant_share = (BENIGN_EVERY - 1) as f64 / BENIGN_EVERY as f64;
        let share = self.malignant_fraction / malignant_share;
        // Spreads the patients with cancer evenly: one whenever the running share passes a whole.
        let passed = |patients: usize| (patients as f64 * share + 1e-9).floor();
        let has_cancer = passed(position.patient + 1) > passed(position.patient);
        usize::from(has_cancer && !(position.patch + 1).is_multiple_of(BENIGN_EVERY))
    }

    /// Every position, test patients last.
    pub fn positions(&self) -> Vec<PhantomPosition> {
        let mut positions = Vec::new();
        for patient in 0..self.patients + self.test_patients {
            for slide in 0..self.slides_per_patient {
                for patch in 0..self.patches_per_slide {
                    positions.push(PhantomPosition {
                        patient,
                        slide,
                        patch,
                    });
                }
            }
        }
        positions
    }

    /// Refuses what cannot be drawn.
    ///
    /// # Errors
    /// Naming the option, its value and the values possible.
    pub fn check(&self) -> Result<(), PhantomError> {
        let refuse = |option, got: String, expected| {
            Err(PhantomError::Option {
                option,
                got,
                expected,
            })
        };
        let numbers = [
            ("patients", self.patients),
            ("slides_per_patient", self.slides_per_patient),
            ("patches_per_slide", self.patches_per_slide),
        ];
        for (option, n) in numbers {
            if n == 0 {
                return refuse(option, n.to_string(), "at least 1");
            }
        }
        if !(16..=4096).contains(&self.size_px) {
            return refuse("size_px", self.size_px.to_string(), "16 to 4096");
        }
        if !(0.1..=4.0).contains(&self.mpp) {
            return refuse("mpp", self.mpp.to_string(), "0.1 to 4");
        }
        if !(0.05..=0.8).contains(&self.malignant_fraction) {
            let got = self.malignant_fraction.to_string();
            return refuse("malignant_fraction", got, "0.05 to 0.8");
        }
        if !(0.0..=1.0).contains(&self.difficulty) {
            return refuse("difficulty", self.difficulty.to_string(), "0 to 1");
        }
        Ok(())
    }
}
