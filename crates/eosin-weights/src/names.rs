//! The names of tensors.

use std::collections::BTreeMap;

use crate::error::WeightsError;
use crate::tensor_error::TensorError;

/// The longest name of a tensor, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// Whether a name can be shown and is as short as names are.
pub(crate) fn is_sound_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control)
}

/// Refuses names that would garble a terminal or a table.
pub(crate) fn check_names<T>(
    file: &str,
    tensors: &BTreeMap<String, T>,
) -> Result<(), WeightsError> {
    match tensors.keys().find(|name| !is_sound_name(name)) {
        None => Ok(()),
        Some(name) => Err(TensorError::Name.of(file, name)),
    }
}
