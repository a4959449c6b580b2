//! Where in a checkpoint the state dict is.

use std::collections::BTreeSet;

use super::error::{SelectError, place};
use crate::names::is_sound_name;
use crate::pickle::{Node, Unpickled, Value};
use crate::shown::shown;

/// The keys under which checkpoints keep the state dict of a network, in the order in which they
/// are preferred where there is more than one. Weights as trained come before averaged ones and a
/// teacher before its student, as their authors publish them.
pub const STATE_DICT_KEYS: [&str; 18] = [
    "state_dict",
    "model_state_dict",
    "model",
    "state_dict_ema",
    "model_ema",
    "ema",
    "teacher",
    "student",
    "net",
    "network",
    "module",
    "backbone",
    "encoder",
    "target_encoder",
    "weights",
    "params_ema",
    "params",
    "generator",
];

/// Parts of the names of entries that hold tensors and are never weights.
const BESIDE: [&str; 6] = ["optim", "sched", "scaler", "rng", "callback", "loss"];

/// How deep a state dict is looked for.
const MAX_DEPTH: usize = 5;

/// How many names an error or [`Selected::others`] lists.
const MAX_LISTED: usize = 16;

type Entry<'a> = (Value<'a>, Value<'a>);

/// A state dict and where it was.
#[derive(Debug)]
pub(super) struct Selected<'p, 'a> {
    pub entries: &'p [Entry<'a>],
    pub taken_from: Vec<String>,
    pub others: BTreeSet<String>,
}

/// The state dict of a checkpoint, under the key that the caller names or else under the first of
/// [`STATE_DICT_KEYS`].
///
/// # Errors
/// When there is none, or more than one that could be meant.
pub(super) fn select<'p, 'a>(
    pickle: &'p Unpickled<'a>,
    key: Option<&str>,
) -> Result<Selected<'p, 'a>, SelectError> {
    let mut finder = Finder {
        pickle,
        holds: vec![None; pickle.node_count()],
        path: Vec::new(),
        others: BTreeSet::new(),
    };
    let start = match key {
        None => pickle.root,
        Some(".") => return finder.take(pickle.root),
        Some(key) => finder.walk(key)?,
    };
    finder.descend(start)
}

struct Finder<'p, 'a> {
    pickle: &'p Unpickled<'a>,
    /// Whether a node is or holds tensors by name, where that is known.
    holds: Vec<Option<bool>>,
    path: Vec<String>,
    others: BTreeSet<String>,
}

impl<'p, 'a> Finder<'p, 'a> {
    fn descend(mut self, mut value: Value<'a>) -> Result<Selected<'p, 'a>, SelectError> {
        for _ in 0..MAX_DEPTH {
            let entries = self.dict(value)?;
            let nested = self.nested(entries);
            let known = STATE_DICT_KEYS
                .into_iter()
                .find_map(|key| find(&nested, key));
            let direct = entries.iter().any(|entry| self.is_named_tensor(entry));
            let (key, inner) = match (known, direct, nested.as_slice()) {
                (Some(found), _, _) => found,
                (None, true, _) => return self.take(value),
                (None, false, []) => return Err(self.no_tensors(entries)),
                (None, false, [one]) => *one,
                (None, false, several) => {
                    let candidates = list(several.iter().map(|(key, _)| *key));
                    return Err(SelectError::Ambiguous { candidates });
                }
            };
            self.note_others(&nested, key, direct);
            self.path.push(key.to_owned());
            value = inner;
        }
        Err(self.no_tensors(&[]))
    }

    /// Ends with the dict that `value` is.
    fn take(self, value: Value<'a>) -> Result<Selected<'p, 'a>, SelectError> {
        Ok(Selected {
            entries: self.dict(value)?,
            taken_from: self.path,
            others: self.others,
        })
    }

    /// Follows a key such as `model/teacher`.
    fn walk(&mut self, key: &str) -> Result<Value<'a>, SelectError> {
        let mut value = self.pickle.root;
        for part in key.split('/') {
            let entries = self.dict(value)?;
            let named = |(name, _): &&Entry<'a>| matches!(name, Value::Text(name) if *name == part);
            // The last one, as in Python.
            let Some((_, inner)) = entries.iter().rev().find(named) else {
                return Err(SelectError::NoKey {
                    key: shown(key),
                    present: list(names(entries)),
                });
            };
            self.path.push(part.to_owned());
            value = *inner;
        }
        Ok(value)
    }

    fn dict(&self, value: Value<'a>) -> Result<&'p [Entry<'a>], SelectError> {
        let found = match self.pickle.node(value) {
            Some((_, Node::Dict(entries))) => return Ok(entries),
            Some((_, Node::Tensor(_))) => "a tensor",
            Some((_, Node::List(_) | Node::Tuple(_))) => "a list",
            Some((_, Node::Storage(_))) => "a storage",
            None => "a plain value",
        };
        Err(SelectError::NotDict { found })
    }

    /// The entries that are dicts with tensors somewhere in them and could be weights.
    fn nested(&mut self, entries: &[Entry<'a>]) -> Vec<(&'a str, Value<'a>)> {
        let mut nested: Vec<(&str, Value<'a>)> = Vec::new();
        for (key, value) in entries {
            if let Value::Text(key) = *key
                && is_sound_name(key)
                && !BESIDE
                    .iter()
                    .any(|part| key.to_ascii_lowercase().contains(part))
                && self.holds_tensors(*value, 0)
            {
                nested.push((key, *value));
            }
        }
        nested
    }

    fn is_named_tensor(&self, (key, value): &Entry<'a>) -> bool {
        matches!(key, Value::Text(_))
            && matches!(self.pickle.node(*value), Some((_, Node::Tensor(_))))
    }

    /// Whether `value` is a dict that holds tensors by name, itself or in dicts inside.
    fn holds_tensors(&mut self, value: Value<'a>, depth: usize) -> bool {
        let Some((id, Node::Dict(entries))) = self.pickle.node(value) else {
            return false;
        };
        if let Some(known) = self.holds[id.index()] {
            return known;
        }
        if depth == MAX_DEPTH {
            return false;
        }
        // What leads back here adds nothing.
        self.holds[id.index()] = Some(false);
        let holds = entries.iter().any(|entry| {
            self.is_named_tensor(entry)
                || matches!(entry.0, Value::Text(_)) && self.holds_tensors(entry.1, depth + 1)
        });
        self.holds[id.index()] = Some(holds);
        holds
    }

    fn note_others(&mut self, nested: &[(&str, Value<'a>)], taken: &str, direct: bool) {
        let beside = nested
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| *key != taken);
        // Tensors beside the dicts make this level a candidate itself, which only the top one has
        // a key for.
        let itself = (direct && self.path.is_empty()).then_some(".");
        for key in beside.chain(itself).take(MAX_LISTED) {
            let path = self.path.iter().map(String::as_str).chain([key]);
            self.others.insert(path.collect::<Vec<_>>().join("/"));
        }
    }

    fn no_tensors(&self, entries: &[Entry<'a>]) -> SelectError {
        SelectError::NoTensors {
            place: place(&self.path),
            present: list(names(entries)),
        }
    }
}

fn find<'a>(nested: &[(&'a str, Value<'a>)], key: &str) -> Option<(&'a str, Value<'a>)> {
    nested.iter().rev().find(|(name, _)| *name == key).copied()
}

fn names<'a>(entries: &[Entry<'a>]) -> impl Iterator<Item = &'a str> {
    entries.iter().filter_map(|(key, _)| match key {
        Value::Text(key) => Some(*key),
        _ => None,
    })
}

/// The first few names, for an error.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.peekable();
    if names.peek().is_none() {
        return "no keys".to_owned();
    }
    let mut listed: Vec<_> = names.by_ref().take(MAX_LISTED).map(shown).collect();
    if names.peek().is_some() {
        listed.push("...".to_owned());
    }
    listed.join(", ")
}
