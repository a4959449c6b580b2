//! The names of tensors.

use std::collections::BTreeMap;

use crate::error::{TensorError, WeightsError};

/// The longest name of a tensor, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// `text` cut to what an error may show: no control characters, at most 100 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().take(100) {
        // Marks of writing direction are no control characters, but reorder a terminal's line.
        if character.is_control() || ('\u{200b}'..='\u{206f}').contains(&character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    if text.chars().nth(100).is_some() {
        out.push_str("...");
    }
    out
}

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
