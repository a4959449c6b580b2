//! What the machine's opcodes take from and put onto its stack.

use super::error::PickleError;
use super::machine::Machine;
use super::value::{Node, NodeId, StorageRef, Value};

/// The most values that a pickle may push and memoise. A checkpoint of 2000 tensors with the
/// optimiser's state takes some 300 000.
const MAX_VALUES: usize = 1_000_000;

impl<'a> Machine<'a> {
    /// The length that the stack had at the innermost mark.
    pub(super) fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn expected(&self, expected: &'static str) -> PickleError {
        PickleError::Expected {
            expected,
            at: self.op_at,
        }
    }

    /// Counts a value that is about to be pushed or memoised.
    pub(super) fn charge(&mut self) -> Result<(), PickleError> {
        self.pushed += 1;
        if self.pushed > MAX_VALUES {
            return Err(PickleError::Limit {
                what: "values",
                limit: MAX_VALUES,
            });
        }
        Ok(())
    }

    pub(super) fn push(&mut self, value: Value<'a>) -> Result<(), PickleError> {
        self.charge()?;
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn push_node(&mut self, node: Node<'a>) -> Result<(), PickleError> {
        let id = NodeId::new(self.nodes.len()).ok_or(self.expected("room"))?;
        self.nodes.push(node);
        self.push(Value::Node(id))
    }

    pub(super) fn top(&self, what: &'static str) -> Result<Value<'a>, PickleError> {
        let above = &self.stack[self.floor()..];
        above.last().copied().ok_or(self.expected(what))
    }

    pub(super) fn pop(&mut self, what: &'static str) -> Result<Value<'a>, PickleError> {
        let value = self.top(what)?;
        self.stack.pop();
        Ok(value)
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<Value<'a>>, PickleError> {
        let mark = self.marks.pop().ok_or(self.expected("mark"))?;
        // Not `split_off`, which may hand over the whole stack's room.
        let items = self.stack[mark..].to_vec();
        self.stack.truncate(mark);
        Ok(items)
    }

    /// The parts of the tuple that `value` is.
    pub(super) fn tuple(&self, value: Value<'a>) -> Result<&[Value<'a>], PickleError> {
        match value {
            Value::Node(id) => match &self.nodes[id.index()] {
                Node::Tuple(items) => Ok(items),
                _ => Err(self.expected("tuple")),
            },
            _ => Err(self.expected("tuple")),
        }
    }

    pub(super) fn storage(&self, value: Value<'a>) -> Result<StorageRef<'a>, PickleError> {
        match value {
            Value::Node(id) => match &self.nodes[id.index()] {
                Node::Storage(storage) => Ok(*storage),
                _ => Err(self.expected("storage")),
            },
            _ => Err(self.expected("storage")),
        }
    }

    /// A number of elements: a length, an offset or a stride.
    pub(super) fn count(&self, value: Value<'a>) -> Result<usize, PickleError> {
        let count = match value {
            Value::Int(count) => usize::try_from(count).ok(),
            _ => None,
        };
        count.ok_or(self.expected("number from 0 to 2^63"))
    }
}
