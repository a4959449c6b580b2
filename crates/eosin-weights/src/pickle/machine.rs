//! The machine: it follows the opcodes one by one.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::error::PickleError;
use super::global::Global;
use super::op;
use super::value::{Node, NodeId, Value};
use crate::shown::shown;

/// The most marks open at a time; Python's own pickler gives up at this depth.
const MAX_MARKS: usize = 1000;

/// What a pickle holds.
#[derive(Debug)]
pub(crate) struct Unpickled<'a> {
    pub root: Value<'a>,
    nodes: Vec<Node<'a>>,
    /// Bytes per element and number of elements of each storage, by its key.
    pub storages: BTreeMap<&'a str, (usize, usize)>,
    /// How many bytes the pickle has.
    pub length: usize,
    /// The first class or function that is not known, by module and name.
    pub foreign: Option<String>,
}

impl<'a> Unpickled<'a> {
    /// The node that `value` is, if it is one.
    pub(crate) fn node(&self, value: Value<'a>) -> Option<(NodeId, &Node<'a>)> {
        match value {
            Value::Node(id) => Some((id, &self.nodes[id.index()])),
            _ => None,
        }
    }

    /// The node with this number.
    pub(crate) fn at(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.index()]
    }

    /// How many nodes there are.
    pub(crate) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The entries of the dict that `value` is, if it is one.
    pub(crate) fn entries(&self, value: Value<'a>) -> Option<&[(Value<'a>, Value<'a>)]> {
        match self.node(value)? {
            (_, Node::Dict(entries)) => Some(entries),
            _ => None,
        }
    }
}

/// Follows the pickle that `bytes` begin with.
///
/// # Errors
/// When it is damaged, or asks for anything that weights do not need.
pub(crate) fn unpickle(bytes: &[u8]) -> Result<Unpickled<'_>, PickleError> {
    let mut machine = Machine {
        cursor: Cursor::new(bytes),
        op_at: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        nodes: Vec::new(),
        storages: BTreeMap::new(),
        pushed: 0,
        copied: 0,
        foreign: None,
    };
    let root = machine.run()?;
    Ok(Unpickled {
        root,
        nodes: machine.nodes,
        storages: machine.storages,
        length: machine.cursor.at(),
        foreign: machine.foreign,
    })
}

pub(super) struct Machine<'a> {
    pub(super) cursor: Cursor<'a>,
    /// Where the opcode being followed is.
    pub(super) op_at: usize,
    pub(super) stack: Vec<Value<'a>>,
    /// Lengths of the stack at each open mark.
    pub(super) marks: Vec<usize>,
    memo: Vec<Value<'a>>,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) storages: BTreeMap<&'a str, (usize, usize)>,
    pub(super) pushed: usize,
    /// Entries copied into dicts.
    pub(super) copied: usize,
    foreign: Option<String>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Value<'a>, PickleError> {
        loop {
            self.op_at = self.cursor.at();
            match self.cursor.byte()? {
                op::STOP => return self.pop("value to return"),
                op::PROTO => match self.cursor.byte()? {
                    2..=5 => {}
                    got => return Err(PickleError::Protocol { got }),
                },
                // Frames only say how much to read ahead.
                op::FRAME => {
                    self.cursor.array::<8>()?;
                }
                op::MARK => self.mark()?,
                op => self.follow(op)?,
            }
        }
    }

    fn follow(&mut self, op: u8) -> Result<(), PickleError> {
        if let Some(value) = self.literal(op)? {
            return self.push(value);
        }
        match op {
            op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => self.memoise(op),
            op::BINGET | op::LONG_BINGET => self.recall(op),
            op::EMPTY_TUPLE | op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => self.short_tuple(op),
            op::TUPLE => {
                let items = self.pop_to_mark()?;
                self.push_node(Node::Tuple(items))
            }
            op::EMPTY_LIST => self.push_node(Node::List(Vec::new())),
            op::EMPTY_DICT => self.push_node(Node::Dict(Vec::new())),
            op::FROZENSET => {
                self.pop_to_mark()?;
                self.push(Value::Opaque)
            }
            op::APPEND | op::APPENDS | op::SETITEM | op::SETITEMS | op::ADDITEMS => self.fill(op),
            op::GLOBAL | op::STACK_GLOBAL => self.global(op),
            op::BINPERSID => self.persistent(),
            op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX => self.make(op),
            op::BUILD => self.build(),
            op => Err(PickleError::Opcode { op, at: self.op_at }),
        }
    }

    /// The value that the opcode and what follows it spell out, if it is an opcode that does.
    fn literal(&mut self, op: u8) -> Result<Option<Value<'a>>, PickleError> {
        let cursor = &mut self.cursor;
        Ok(Some(match op {
            op::NONE => Value::None,
            op::NEWTRUE => Value::Bool(true),
            op::NEWFALSE => Value::Bool(false),
            op::BININT => Value::Int(i32::from_le_bytes(cursor.array()?).into()),
            op::BININT1 => Value::Int(cursor.byte()?.into()),
            op::BININT2 => Value::Int(u16::from_le_bytes(cursor.array()?).into()),
            op::LONG1 => long(cursor.sized_u8()?),
            op::LONG4 => long(cursor.sized_u32()?),
            op::BINFLOAT => {
                cursor.array::<8>()?;
                Value::Opaque
            }
            op::SHORT_BINUNICODE => self.text(Cursor::sized_u8)?,
            op::BINUNICODE => self.text(Cursor::sized_u32)?,
            op::BINUNICODE8 => self.text(Cursor::sized_u64)?,
            op::SHORT_BINSTRING => text_or_bytes(cursor.sized_u8()?),
            op::BINSTRING => text_or_bytes(cursor.sized_u32()?),
            op::SHORT_BINBYTES => opaque(cursor.sized_u8()?),
            op::BINBYTES => opaque(cursor.sized_u32()?),
            op::BINBYTES8 | op::BYTEARRAY8 => opaque(cursor.sized_u64()?),
            op::EMPTY_SET => Value::Opaque,
            _ => return Ok(None),
        }))
    }

    fn text(
        &mut self,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<&'a [u8], PickleError>,
    ) -> Result<Value<'a>, PickleError> {
        match std::str::from_utf8(read(&mut self.cursor)?) {
            Ok(text) => Ok(Value::Text(text)),
            // Python lets lone surrogates through; no tensor's name has them.
            Err(_) => Ok(Value::Opaque),
        }
    }

    fn mark(&mut self) -> Result<(), PickleError> {
        if self.marks.len() == MAX_MARKS {
            return Err(PickleError::Limit {
                what: "levels",
                limit: MAX_MARKS,
            });
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn memoise(&mut self, op: u8) -> Result<(), PickleError> {
        let index = match op {
            op::BINPUT => self.cursor.byte()?.into(),
            op::LONG_BINPUT => self.cursor.u32()? as usize,
            _ => self.memo.len(),
        };
        let value = self.top("value to memoise")?;
        // Every pickler numbers what it memoises in order, so no gap can cost memory.
        if let Some(slot) = self.memo.get_mut(index) {
            *slot = value;
        } else if index == self.memo.len() {
            self.charge()?;
            self.memo.push(value);
        } else {
            return Err(self.expected("memo entry before this one"));
        }
        Ok(())
    }

    fn recall(&mut self, op: u8) -> Result<(), PickleError> {
        let index = match op {
            op::BINGET => self.cursor.byte()?.into(),
            _ => self.cursor.u32()? as usize,
        };
        let value = self.memo.get(index).copied();
        let value = value.ok_or(self.expected("memo entry"))?;
        self.push(value)
    }

    fn short_tuple(&mut self, op: u8) -> Result<(), PickleError> {
        let length = match op {
            op::TUPLE1 => 1,
            op::TUPLE2 => 2,
            op::TUPLE3 => 3,
            _ => 0,
        };
        let floor = self.floor();
        let start = self.stack.len().checked_sub(length);
        let start = start.filter(|start| *start >= floor);
        let start = start.ok_or(self.expected("part of a tuple"))?;
        let items = self.stack[start..].to_vec();
        self.stack.truncate(start);
        self.push_node(Node::Tuple(items))
    }

    fn global(&mut self, op: u8) -> Result<(), PickleError> {
        let (module, name) = if op == op::GLOBAL {
            let lines = (self.cursor.line()?, self.cursor.line()?);
            let text = |line| std::str::from_utf8(line).map_err(|_| self.expected("name"));
            (text(lines.0)?, text(lines.1)?)
        } else {
            match (self.pop("name")?, self.pop("module")?) {
                (Value::Text(name), Value::Text(module)) => (module, name),
                _ => return Err(self.expected("module and name")),
            }
        };
        let global = Global::find(module, name)?;
        if global == Global::Foreign && self.foreign.is_none() {
            self.foreign = Some(shown(&format!("{module}.{name}")));
        }
        self.push(Value::Global(global))
    }
}

fn opaque<'a>(_: &[u8]) -> Value<'a> {
    Value::Opaque
}

fn text_or_bytes(bytes: &[u8]) -> Value<'_> {
    std::str::from_utf8(bytes).map_or(Value::Opaque, Value::Text)
}

/// An integer of any size; one that fits 64 bits as such.
fn long(bytes: &[u8]) -> Value<'_> {
    if bytes.len() > 8 {
        return Value::Long(bytes);
    }
    let sign = bytes
        .last()
        .map_or(0, |byte| if byte & 0x80 == 0 { 0 } else { 0xff });
    let mut wide = [sign; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(wide))
}
