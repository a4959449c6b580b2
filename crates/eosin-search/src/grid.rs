//! All combinations.

use crate::error::SpaceError;
use crate::space::{Parameter, Space};
use crate::value::Assignment;

/// Places of a grid at most.
const MOST: usize = 1_000_000;

/// All combinations of the values of active keys; the last key changes first.
///
/// # Errors
/// When a key has endlessly many values and no `points`, or there are too many combinations.
pub fn grid(space: &Space) -> Result<Vec<Assignment>, SpaceError> {
    space
        .parameters()
        .iter()
        .try_fold(vec![Assignment::new()], extend)
}

fn extend(places: Vec<Assignment>, parameter: &Parameter) -> Result<Vec<Assignment>, SpaceError> {
    let Some(values) = parameter.domain.grid() else {
        let key = parameter.key.clone();
        return Err(SpaceError::NoGrid { key });
    };
    let mut all = Vec::new();
    for place in places {
        if !parameter.is_active(&place) {
            all.push(place);
        } else if all.len() + values.len() > MOST {
            return Err(SpaceError::GridTooLarge { most: MOST });
        } else {
            all.extend(values.iter().map(|value| {
                let mut longer = place.clone();
                longer.insert(parameter.key.clone(), value.clone());
                longer
            }));
        }
    }
    Ok(all)
}
