//! Values that are no numbers.

use crate::error::WeightsError;
use crate::shown::shown;
use crate::state::StateTensor;

/// Refuses values that are NaN or infinite.
pub(crate) fn check_finite(
    file: &str,
    name: &str,
    tensor: &StateTensor,
) -> Result<(), WeightsError> {
    // Whole blocks first: a loop that may stop at any value is four times slower.
    let finite = |block: &[f32]| {
        block
            .iter()
            .fold(true, |all, value| all & value.is_finite())
    };
    if tensor.values.chunks(4096).all(finite) {
        return Ok(());
    }
    match tensor.values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(WeightsError::NotFinite {
            name: file.to_owned(),
            tensor: shown(name),
            value: tensor.values[index],
            index,
        }),
    }
}
