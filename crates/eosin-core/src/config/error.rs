//! Why a configuration cannot be used.

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// A key that does not exist.
    #[error("unknown key '{key}'{}", suggestion(.nearest.as_deref(), .known))]
    UnknownKey {
        /// The key, with its table.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// All keys of that table.
        known: String,
    },
    /// A value of another kind than the key takes.
    #[error("{key} is {got}; it must be {expected}")]
    Value {
        /// The key, with its table.
        key: String,
        /// The value.
        got: String,
        /// What it must be.
        expected: String,
    },
    /// A word that the key does not take.
    #[error("{key}: {problem}")]
    Word {
        /// The key, with its table.
        key: String,
        /// The word, and those that the key takes.
        problem: String,
    },
    /// A value that does not go with another.
    #[error("{key} is {got}, {why}")]
    Clash {
        /// The key, with its table.
        key: &'static str,
        /// The value.
        got: String,
        /// With what it does not go, and what to do.
        why: String,
    },
    /// A value out of range.
    #[error("{key} is {got}; it must be {expected}")]
    Range {
        /// The key, with its table.
        key: &'static str,
        /// The value.
        got: String,
        /// What it must be.
        expected: String,
    },
}

impl ConfigError {
    /// The key that it is about, with its table.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Syntax(_) => None,
            Self::UnknownKey { key, .. } | Self::Value { key, .. } | Self::Word { key, .. } => {
                Some(key)
            }
            Self::Clash { key, .. } | Self::Range { key, .. } => Some(key),
        }
    }
}

fn suggestion(nearest: Option<&str>, known: &str) -> String {
    match nearest {
        Some(key) => format!("; did you mean '{key}'?"),
        None => format!("; known keys are {known}"),
    }
}
