//! What is searched where nobody says what.

use eosin_core::config::TrainMode;
use eosin_search::{Space, SpaceError};

/// Where heads are solved: each chooses its own strength.
const OF_PROBES: &str = "
train.head = { choice = ['logistic', 'ridge', 'lda'] }
train.class_weights = { choice = ['none', 'balanced'] }
augment.symmetry = { choice = ['d4', 'flips', 'none'] }
";

/// Where there are epochs.
const OF_EPOCHS: &str = "
train.learning_rate = { float = [1e-5, 3e-2], log = true }
train.weight_decay = { float = [1e-5, 1.0], log = true }
train.label_smoothing = { float = [0.0, 0.2] }
train.class_weights = { choice = ['none', 'balanced'] }
";

/// The usual space of a mode.
pub(super) fn default_space(mode: TrainMode) -> Result<Space, SpaceError> {
    Space::from_toml(match mode {
        TrainMode::Probe => OF_PROBES,
        _ => OF_EPOCHS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_space_for_every_mode() {
        for mode in TrainMode::ALL {
            assert!(default_space(*mode).unwrap().parameters().len() > 2);
        }
    }
}
