//! Values of keys.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result as FmtResult};

use serde::{Deserialize, Serialize};

/// Values for the keys of a space, by key; a conditional key that is not active has none.
pub type Assignment = BTreeMap<String, Value>;

/// A value that a key of the configuration can have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A word.
    Text(String),
}

impl Value {
    /// The value that stands in a TOML text; `None` for lists, tables and dates.
    pub fn from_toml(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Boolean(is) => Some(Self::Bool(*is)),
            toml::Value::Integer(number) => Some(Self::Integer(*number)),
            toml::Value::Float(number) => Some(Self::Float(*number)),
            toml::Value::String(word) => Some(Self::Text(word.clone())),
            _ => None,
        }
    }

    /// The value as a TOML text has it.
    pub fn to_toml(&self) -> toml::Value {
        match self {
            Self::Bool(is) => toml::Value::Boolean(*is),
            Self::Integer(number) => toml::Value::Integer(*number),
            Self::Float(number) => toml::Value::Float(*number),
            Self::Text(word) => toml::Value::String(word.clone()),
        }
    }

    /// The number that it is, if it is one.
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }

    /// Whether both mean the same: `1` and `1.0` do.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(one), Some(two)) => one.total_cmp(&two).is_eq(),
            _ => self == other,
        }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        match self {
            Self::Bool(is) => write!(f, "{is}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(word) => write!(f, "{word}"),
        }
    }
}
