//! The tensors of a state dict, out of their storages.

use std::collections::BTreeSet;

use super::error::SelectError;
use super::select::{Selected, select};
use crate::error::WeightsError;
use crate::finite::check_finite;
use crate::found::Found;
use crate::options::ReadOptions;
use crate::pickle::{MODULE_ADVICE, Node, PickleError, StorageRef, Tensor, Unpickled, Value};
use crate::shown::shown;
use crate::state::StateTensor;
use crate::stored::{InOrder, Keep};
use crate::strided::{Budget, Shown};
use crate::tensor_error::TensorError;

/// A PyTorch file taken apart.
pub(super) struct Source<'s, 'a> {
    pub name: &'s str,
    pub pickle: &'s Unpickled<'a>,
    /// The bytes of a whole storage, as long as the pickle says.
    pub storage: &'s dyn Fn(&StorageRef<'_>) -> Result<&'a [u8], TensorError>,
}

/// The tensors of the state dict that `options` ask for, as `keep` keeps them.
///
/// # Errors
/// When there is none, or a tensor of it cannot be read.
pub(super) fn collect<K: Keep>(
    source: &Source<'_, '_>,
    mut budget: Budget,
    options: &ReadOptions,
    keep: &K,
) -> Result<Found<K::Kept>, WeightsError> {
    let failed = |reason: SelectError| source.not_found(reason);
    let Selected {
        entries,
        taken_from,
        others,
    } = select(source.pickle, options.key.as_deref()).map_err(failed)?;
    let mut found = Found {
        taken_from,
        other_candidates: others.into_iter().collect(),
        ..Found::default()
    };
    let mut seen = BTreeSet::new();
    for (index, (key, value)) in entries.iter().enumerate() {
        let Value::Text(key) = *key else {
            return Err(failed(SelectError::Unnamed { index }));
        };
        if !seen.insert(key) {
            return Err(TensorError::Twice.of(source.name, key));
        }
        match source.tensor(key, *value, &mut budget, keep)? {
            Some(tensor) => drop(found.tensors.insert(key.to_owned(), tensor)),
            None => found.left_out.push(shown(key)),
        }
    }
    if found.tensors.is_empty() {
        return Err(failed(SelectError::integers_alone(&found.taken_from)));
    }
    Ok(found)
}

impl Source<'_, '_> {
    /// The state dict is not there: where the pickle makes objects of a class that is not known, it
    /// is inside of them.
    fn not_found(&self, reason: SelectError) -> WeightsError {
        let name = self.name.to_owned();
        let nothing = matches!(
            reason,
            SelectError::NotDict { .. } | SelectError::NoTensors { .. }
        );
        match &self.pickle.foreign {
            Some(class) if nothing => WeightsError::Pickle {
                name,
                reason: PickleError::Global {
                    global: class.clone(),
                    advice: MODULE_ADVICE,
                },
            },
            _ => WeightsError::Select { name, reason },
        }
    }

    /// One entry; `None` when it is none that a network loads.
    fn tensor<K: Keep>(
        &self,
        key: &str,
        value: Value<'_>,
        budget: &mut Budget,
        keep: &K,
    ) -> Result<Option<K::Kept>, WeightsError> {
        let (storage, view) = match self.node(value) {
            Some(Node::Tensor(tensor)) => match tensor.as_ref() {
                Tensor::Dense { storage, view } => (storage, view),
                Tensor::Other(kind) => {
                    return Err(TensorError::Kind { kind }.of(self.name, key));
                }
            },
            _ => return Ok(None),
        };
        if view.dtype.is_integer() {
            return Ok(None);
        }
        let mut show = |storage: &StorageRef<'_>| {
            let bytes = (self.storage)(storage)?;
            let meant = &bytes[storage.skip * storage.width..][..storage.length * storage.width];
            view.show(meant, budget)
        };
        let shape = view.shape.clone();
        match show(storage).map_err(|reason| reason.of(self.name, key))? {
            Shown::InOrder(bytes) => {
                let kept = keep.in_order(InOrder {
                    names: (self.name, key),
                    dtype: view.dtype,
                    shape,
                    bytes,
                });
                kept.map(Some)
            }
            Shown::Gathered(values) => {
                let tensor = StateTensor { shape, values };
                check_finite(self.name, key, &tensor)?;
                Ok(Some(keep.held(tensor)))
            }
        }
    }

    fn node(&self, value: Value<'_>) -> Option<&Node<'_>> {
        match value {
            Value::Node(id) => Some(self.pickle.at(id)),
            _ => None,
        }
    }
}
