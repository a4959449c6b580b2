//! Values independently of all other trials.

use crate::space::Space;
use crate::value::Assignment;

/// A value for each active key: choices with equal chances, numbers evenly on their scale.
pub fn suggest(space: &Space, rng: &mut eosin_core::Rng) -> Assignment {
    let mut assignment = Assignment::new();
    for parameter in space.parameters() {
        // A key draws whether it is active or not, so that those after it draw the same.
        let value = parameter.domain.draw(rng);
        if parameter.is_active(&assignment) {
            assignment.insert(parameter.key.clone(), value);
        }
    }
    assignment
}
