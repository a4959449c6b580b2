//! The names of tensors: what wrappers add to them, and those of bookkeeping.

use std::collections::BTreeMap;

use crate::error::{TensorError, WeightsError};

/// What `DataParallel`, `torch.compile` and training frameworks put before the names of all
/// tensors. Taken off only when every tensor has it, again and again until none fits.
pub const WRAPPER_PREFIXES: [&str; 9] = [
    "module.",
    "_orig_mod.",
    "model.",
    "backbone.",
    "encoder.",
    "net.",
    "network.",
    "teacher.",
    "student.",
];

/// Last parts of the names of integer tensors that no inference needs: the batch counter of batch
/// norm, the counter of `torch.optim.swa_utils.AveragedModel`, and tables of indices that a
/// network makes again itself. They are left out; any other integer tensor is an error.
pub const WELL_KNOWN_INTEGERS: [&str; 4] = [
    "num_batches_tracked",
    "n_averaged",
    "relative_position_index",
    "position_ids",
];

/// The longest name of a tensor, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// Whether `name` is one of the [`WELL_KNOWN_INTEGERS`].
pub(crate) fn is_well_known_integer(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    WELL_KNOWN_INTEGERS.contains(&last)
}

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

/// Takes wrappers' prefixes off all names and returns what was taken off.
pub(crate) fn strip_wrapper_prefixes<T>(tensors: &mut BTreeMap<String, T>) -> String {
    let mut length = 0;
    let rest_of_all = |length: usize, prefix: &str| {
        tensors
            .keys()
            .all(|name| name[length..].len() > prefix.len() && name[length..].starts_with(prefix))
    };
    while !tensors.is_empty()
        && let Some(prefix) = WRAPPER_PREFIXES
            .into_iter()
            .find(|prefix| rest_of_all(length, prefix))
    {
        length += prefix.len();
    }
    let Some(first) = tensors.keys().next() else {
        return String::new();
    };
    let stripped = first[..length].to_owned();
    if length > 0 {
        *tensors = std::mem::take(tensors)
            .into_iter()
            .map(|(name, tensor)| (name[length..].to_owned(), tensor))
            .collect();
    }
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{StateDict, StateTensor};

    fn named(names: &[&str]) -> StateDict {
        let tensor = StateTensor {
            shape: vec![],
            values: vec![1.0],
        };
        names
            .iter()
            .map(|name| ((*name).to_owned(), tensor.clone()))
            .collect()
    }

    #[test]
    fn nested_prefixes_are_stripped_when_all_tensors_share_them() {
        let mut tensors = named(&["module._orig_mod.fc.weight", "module._orig_mod.fc.bias"]);
        assert_eq!(strip_wrapper_prefixes(&mut tensors), "module._orig_mod.");
        assert_eq!(tensors, named(&["fc.bias", "fc.weight"]));
    }

    #[test]
    fn one_tensor_without_the_prefix_keeps_all_names() {
        let names = ["module.fc.weight", "fc.bias"];
        let mut tensors = named(&names);
        assert_eq!(strip_wrapper_prefixes(&mut tensors), "");
        assert_eq!(tensors, named(&names));
        let mut whole = named(&["module."]);
        assert_eq!(strip_wrapper_prefixes(&mut whole), "");
    }
}
