//! Whether tensors are those of a network.

use std::collections::{BTreeMap, BTreeSet};

use eosin_weights::{LazyTensor, StateMismatch};

use crate::backbone::Backbone;
use crate::param::Param;

/// Shapes of tensors, by name.
pub(crate) type Shapes = BTreeMap<String, Vec<usize>>;

/// Whether `dict` holds every tensor of `network` and no other.
///
/// # Errors
/// When a tensor is missing, unexpected or of another shape; all are listed.
pub fn check_state<T: LazyTensor>(
    network: &Backbone,
    dict: &BTreeMap<String, T>,
) -> Result<(), StateMismatch> {
    let mut mismatch = StateMismatch::default();
    let parameters = network.parameters();
    for (key, expected) in parameters.iter().map(|own| (own.name(), own.shape())) {
        match dict.get(key) {
            None => mismatch.missing.push(key.to_owned()),
            Some(tensor) if tensor.shape() != expected => {
                let shape = tensor.shape();
                mismatch
                    .misshaped
                    .push(format!("{key} {shape:?}, not {expected:?}"));
            }
            Some(_) => {}
        }
    }
    let names: BTreeSet<&str> = parameters.iter().map(Param::name).collect();
    let unexpected = dict.keys().filter(|key| !names.contains(key.as_str()));
    mismatch.unexpected = unexpected.cloned().collect();
    if mismatch.is_empty() {
        Ok(())
    } else {
        Err(mismatch)
    }
}
