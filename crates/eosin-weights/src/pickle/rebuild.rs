//! The functions of `torch._utils` that make tensors
//! (<https://github.com/pytorch/pytorch/blob/main/torch/_utils.py>).

use super::error::PickleError;
use super::global::Global;
use super::machine::Machine;
use super::value::{Node, Tensor, Value};
use crate::dtype::Dtype;
use crate::strided::Strided;

impl<'a> Machine<'a> {
    pub(super) fn rebuild(
        &mut self,
        function: Global,
        arguments: &[Value<'a>],
    ) -> Result<(), PickleError> {
        match (function, arguments) {
            (Global::RebuildTensor, _) => self.rebuild_tensor(arguments),
            // (tensor, requires_grad, hooks[, state]): the tensor.
            (Global::RebuildParameter, [tensor, _, _, ..]) => {
                self.check_tensor(*tensor)?;
                self.push(*tensor)
            }
            // (function, class, arguments, state): what the function makes.
            (
                Global::RebuildFromType,
                [
                    Value::Global(function),
                    Value::Global(Global::TensorClass),
                    inner,
                    _,
                ],
            ) => match function {
                Global::RebuildTensor | Global::RebuildParameter => {
                    let inner = self.few(self.tuple(*inner)?)?;
                    self.rebuild(*function, &inner)
                }
                Global::OtherTensor(kind) => self.push_other(kind),
                _ => Err(self.expected("function that rebuilds a tensor")),
            },
            _ => Err(self.expected("arguments of a tensor")),
        }
    }

    pub(super) fn push_other(&mut self, kind: &'static str) -> Result<(), PickleError> {
        self.push_node(Node::Tensor(Box::new(Tensor::Other(kind))))
    }

    fn check_tensor(&self, value: Value<'a>) -> Result<(), PickleError> {
        match value {
            Value::Node(id) if matches!(self.nodes[id.index()], Node::Tensor(_)) => Ok(()),
            _ => Err(self.expected("tensor")),
        }
    }

    /// `(storage, offset, shape, strides[, requires_grad, hooks[, dtype or metadata, ...]])`
    fn rebuild_tensor(&mut self, arguments: &[Value<'a>]) -> Result<(), PickleError> {
        let [storage, offset, shape, strides, rest @ ..] = arguments else {
            return Err(self.expected("arguments of a tensor"));
        };
        let storage = self.storage(*storage)?;
        let named = rest.iter().find_map(|argument| match argument {
            Value::Global(Global::Dtype(dtype)) => Some(*dtype),
            _ => None,
        });
        let Some(dtype) = named.or(storage.dtype) else {
            return Err(self.expected("type of a tensor"));
        };
        // Version 2 says here when the values are to be negated or conjugated.
        let marked = rest
            .iter()
            .skip(2)
            .any(|argument| self.is_filled_dict(*argument));
        if marked {
            return self.push_other("marked as negated or conjugated");
        }
        let view = Strided {
            dtype,
            offset: self.count(*offset)?,
            shape: self.counts(*shape)?,
            strides: self.counts(*strides)?,
        };
        if view.shape.len() != view.strides.len() {
            return Err(self.expected("stride for each axis"));
        }
        self.check_width(dtype, storage.dtype)?;
        self.push_node(Node::Tensor(Box::new(Tensor::Dense { storage, view })))
    }

    /// An untyped storage takes any type; a typed one only its own.
    fn check_width(&self, tensor: Dtype, storage: Option<Dtype>) -> Result<(), PickleError> {
        match storage {
            Some(storage) if storage != tensor => {
                Err(self.expected("storage of the tensor's type"))
            }
            _ => Ok(()),
        }
    }

    fn is_filled_dict(&self, value: Value<'a>) -> bool {
        match value {
            Value::Node(id) => {
                matches!(&self.nodes[id.index()], Node::Dict(entries) if !entries.is_empty())
            }
            _ => false,
        }
    }

    fn counts(&self, value: Value<'a>) -> Result<Vec<usize>, PickleError> {
        let items = self.few(self.tuple(value)?)?;
        items.iter().map(|item| self.count(*item)).collect()
    }
}
