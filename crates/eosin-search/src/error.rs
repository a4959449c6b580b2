//! Why a space cannot be searched.

use eosin_core::config::ConfigError;

/// Why a space cannot be searched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// The text is no TOML.
    #[error("the space is no TOML: {0}")]
    Syntax(String),
    /// The configuration knows no such key, or not such values of it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing is searched.
    #[error(
        "the space names no key; write one such as 'train.strength = {{ float = [1e-4, 100.0], log = \
         true }}'"
    )]
    Empty,
    /// A key is not followed by what its values are.
    #[error(
        "{key} is {got} in the space; it must be a table that says its values, such as '{{ choice = \
         [1, 2] }}', '{{ integer = [1, 9] }}' or '{{ float = [0.1, 1.0], log = true }}'"
    )]
    NoDomain {
        /// The key.
        key: String,
        /// What stands there.
        got: String,
    },
    /// A word that describes no values.
    #[error("{key} has '{word}' in the space, which is unknown there; known words are {known}")]
    UnknownWord {
        /// The key.
        key: String,
        /// The word.
        word: String,
        /// Those that there are.
        known: String,
    },
    /// Values that cannot be searched.
    #[error("{key}: {word} is {got} in the space; it must be {expected}")]
    Values {
        /// The key.
        key: String,
        /// The word.
        word: &'static str,
        /// What stands behind it.
        got: String,
        /// What must.
        expected: String,
    },
    /// A condition about a key that is not searched, or a value that it cannot have.
    #[error("{key}: its condition is about {on}, {problem}")]
    Condition {
        /// The conditional key.
        key: String,
        /// The key that it depends on.
        on: String,
        /// What is wrong.
        problem: String,
    },
    /// Keys that wait for one another.
    #[error("{key} depends on itself by its conditions; leave one 'when' out")]
    Circle {
        /// One of them.
        key: String,
    },
    /// A grid of endlessly many values.
    #[error(
        "{key} has endlessly many values, and a grid tries all: say how many with 'points = 5', or \
         take '--method tpe'"
    )]
    NoGrid {
        /// The key.
        key: String,
    },
    /// A grid that nobody will see the end of.
    #[error("the grid has more than {most} places; give fewer values, or take '--method tpe'")]
    GridTooLarge {
        /// The largest.
        most: usize,
    },
    /// All places of the grid have been tried.
    #[error("the grid has {places} places, and there is no place {asked}")]
    GridEnds {
        /// Places that there are.
        places: usize,
        /// The one asked for.
        asked: u64,
    },
}
