//! What a pickle makes.

use super::global::Global;
use crate::dtype::Dtype;
use crate::strided::Strided;

/// Number of a node among those of its pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

impl NodeId {
    pub(super) fn new(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A value on the stack or in a container. Text is a slice of the pickle.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of any size, little-endian in two's complement.
    Long(&'a [u8]),
    Text(&'a str),
    /// A function or class of the allow-list.
    Global(Global),
    /// A container, a tensor or a storage; many values may be the same one.
    Node(NodeId),
    /// Plain data that no weights need: numbers, bytes, sets, settings. Whatever is put into it
    /// is forgotten.
    Opaque,
}

/// What has parts. Nodes refer to each other by number, so that cycles and deep nesting need no
/// recursion to make or to drop.
#[derive(Clone, Debug)]
pub(crate) enum Node<'a> {
    Tuple(Vec<Value<'a>>),
    List(Vec<Value<'a>>),
    /// Entries in their order; a key may be there twice.
    Dict(Vec<(Value<'a>, Value<'a>)>),
    Storage(StorageRef<'a>),
    Tensor(Box<Tensor<'a>>),
}

/// A storage that the file holds outside of the pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StorageRef<'a> {
    pub key: &'a str,
    /// Type of its elements; `None` when it is bytes for the tensor to interpret.
    pub dtype: Option<Dtype>,
    /// Bytes per element of the whole storage.
    pub width: usize,
    /// Elements of the whole storage.
    pub elements: usize,
    /// Elements before those that are meant: old files have storages that view another.
    pub skip: usize,
    /// Number of elements that are meant.
    pub length: usize,
}

/// A tensor as the pickle describes it.
#[derive(Clone, Debug)]
pub(crate) enum Tensor<'a> {
    /// Elements of a storage.
    Dense {
        storage: StorageRef<'a>,
        view: Strided,
    },
    /// One that weights of classifiers never are, such as a sparse or quantised one.
    Other(&'static str),
}
