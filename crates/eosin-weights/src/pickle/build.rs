//! Opcodes that fill containers and make objects.

use super::error::PickleError;
use super::global::Global;
use super::machine::Machine;
use super::op;
use super::value::{Node, NodeId, StorageRef, Value};
use crate::strided::MAX_AXES;

/// The longest key of a storage; PyTorch's are numbers.
const MAX_KEY_BYTES: usize = 256;

impl<'a> Machine<'a> {
    /// Puts what the opcode takes from the stack into the container below.
    pub(super) fn fill(&mut self, op: u8) -> Result<(), PickleError> {
        let items = match op {
            op::APPEND => vec![self.pop("item")?],
            op::SETITEM => {
                let value = self.pop("value")?;
                vec![self.pop("key")?, value]
            }
            _ => self.pop_to_mark()?,
        };
        let sets = matches!(op, op::SETITEM | op::SETITEMS);
        match self.top("container")? {
            Value::Opaque => Ok(()),
            Value::Node(id) => self.fill_node(id, &items, sets),
            _ => Err(self.expected("container")),
        }
    }

    fn fill_node(
        &mut self,
        id: NodeId,
        items: &[Value<'a>],
        sets: bool,
    ) -> Result<(), PickleError> {
        match &mut self.nodes[id.index()] {
            Node::List(list) if !sets => {
                list.extend_from_slice(items);
                Ok(())
            }
            Node::Dict(dict) if sets => {
                let (pairs, rest) = items.as_chunks();
                dict.extend(pairs.iter().map(|[key, value]| (*key, *value)));
                if rest.is_empty() {
                    Ok(())
                } else {
                    Err(self.expected("value for the last key"))
                }
            }
            _ => Err(self.expected("container of that kind")),
        }
    }

    /// REDUCE, NEWOBJ or its extended form: what a class or function of the allow-list stands for.
    pub(super) fn make(&mut self, op: u8) -> Result<(), PickleError> {
        if op == op::NEWOBJ_EX {
            self.pop("named arguments")?;
        }
        let arguments = self.pop("arguments")?;
        let Value::Global(global) = self.pop("class or function")? else {
            return Err(self.expected("class or function"));
        };
        let arguments = self.tuple(arguments)?;
        match global {
            Global::Dict => {
                let entries = self.dict_entries(arguments)?;
                self.copied += entries.len();
                self.push_node(Node::Dict(entries))
            }
            Global::Size => {
                let [sizes] = *arguments else {
                    return Err(self.expected("sizes"));
                };
                self.push(sizes)
            }
            Global::RebuildTensor | Global::RebuildParameter | Global::RebuildFromType => {
                let arguments = self.few(arguments)?;
                self.rebuild(global, &arguments)
            }
            Global::OtherTensor(kind) => self.push_other(kind),
            Global::Opaque | Global::Foreign => self.push(Value::Opaque),
            Global::Storage(_) | Global::Dtype(_) | Global::TensorClass => {
                Err(self.expected("function that rebuilds a tensor"))
            }
        }
    }

    /// `OrderedDict()`, or as Python 2 wrote it, `OrderedDict([[key, value], ...])`.
    fn dict_entries(
        &self,
        arguments: &[Value<'a>],
    ) -> Result<Vec<(Value<'a>, Value<'a>)>, PickleError> {
        let items = match *arguments {
            [] => return Ok(Vec::new()),
            [items] => self.sequence(items)?,
            _ => return Err(self.expected("list of entries")),
        };
        // One list may be given to many dicts, each a copy; a list of their own has bytes for each
        // entry.
        let limit = self.cursor.length();
        if items.len() > limit.saturating_sub(self.copied) {
            return Err(PickleError::Limit {
                what: "entries in copies of dicts",
                limit,
            });
        }
        let entry = |item: &Value<'a>| match *self.sequence(*item)? {
            [key, value] => Ok((key, value)),
            _ => Err(self.expected("key and value")),
        };
        items.iter().map(entry).collect()
    }

    /// A copy of what is no longer than any tensor's arguments or shape.
    pub(super) fn few(&self, items: &[Value<'a>]) -> Result<Vec<Value<'a>>, PickleError> {
        if items.len() > MAX_AXES {
            return Err(self.expected("tuple of at most 16 parts"));
        }
        Ok(items.to_vec())
    }

    fn sequence(&self, value: Value<'a>) -> Result<&[Value<'a>], PickleError> {
        match value {
            Value::Node(id) => match &self.nodes[id.index()] {
                Node::Tuple(items) | Node::List(items) => Ok(items),
                _ => Err(self.expected("list")),
            },
            _ => Err(self.expected("list")),
        }
    }

    /// BUILD: the attributes of an object, of which none is needed.
    pub(super) fn build(&mut self) -> Result<(), PickleError> {
        self.pop("state")?;
        match self.top("object")? {
            Value::Opaque => Ok(()),
            // `_metadata` of a state dict: the versions of its modules.
            Value::Node(id) if matches!(self.nodes[id.index()], Node::Dict(_)) => Ok(()),
            // Setting a tensor's state could give it another storage.
            _ => Err(self.expected("object that has attributes")),
        }
    }

    /// BINPERSID: a storage, `("storage", class, key, device, elements[, view])`.
    pub(super) fn persistent(&mut self) -> Result<(), PickleError> {
        let id = self.pop("storage's description")?;
        let parts = self.tuple(id)?;
        let (kind, class, key, elements, view) = match *parts {
            [kind, class, key, _, elements] => (kind, class, key, elements, Value::None),
            [kind, class, key, _, elements, view] => (kind, class, key, elements, view),
            _ => return Err(self.expected("storage's description")),
        };
        let (Value::Text("storage"), Value::Global(Global::Storage(dtype)), Value::Text(key)) =
            (kind, class, key)
        else {
            return Err(self.expected("storage's class and key"));
        };
        // One long key used by many storages would be compared and copied for each.
        if key.len() > MAX_KEY_BYTES {
            return Err(self.expected("storage's key of at most 256 bytes"));
        }
        let elements = self.count(elements)?;
        let (skip, length) = self.storage_view(view, elements)?;
        let width = dtype.map_or(1, crate::dtype::Dtype::bytes);
        let known = self.storages.entry(key).or_insert((width, elements));
        if *known != (width, elements) {
            return Err(self.expected("storage of the same type and length as before"));
        }
        self.push_node(Node::Storage(StorageRef {
            key,
            dtype,
            width,
            elements,
            skip,
            length,
        }))
    }

    /// Where the elements meant begin in the storage and how many they are; a view is
    /// `(key, offset, elements)`.
    fn storage_view(
        &self,
        view: Value<'a>,
        elements: usize,
    ) -> Result<(usize, usize), PickleError> {
        if matches!(view, Value::None) {
            return Ok((0, elements));
        }
        let [_, skip, length] = *self.tuple(view)? else {
            return Err(self.expected("view of a storage"));
        };
        let (skip, length) = (self.count(skip)?, self.count(length)?);
        match skip.checked_add(length) {
            Some(end) if end <= elements => Ok((skip, length)),
            _ => Err(self.expected("view inside its storage")),
        }
    }
}
