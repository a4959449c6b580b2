//! Enumerations that a user names by word, in a configuration file or on the command line.

/// A word that is none of the choices, with the nearest one that is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{got}' is unknown; choose one of {choices}{}", hint(.nearest.as_deref()))]
pub struct UnknownChoice {
    /// The word given.
    pub got: String,
    /// Every choice, comma separated.
    pub choices: String,
    /// The choice that was probably meant.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!(" (did you mean '{word}'?)"))
}

impl UnknownChoice {
    /// Describes `got`, which is none of `words`.
    pub fn new(got: &str, words: &[&str]) -> Self {
        Self {
            got: got.to_owned(),
            choices: words.join(", "),
            nearest: nearest(got, words.iter().copied()).map(str::to_owned),
        }
    }
}

/// The word nearest to `got`, when one is near enough to have been meant.
pub fn nearest<'a>(got: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(got, word), word))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// Declares an enum whose variants are named by words: `ALL`, `as_str`, `Display`, `FromStr` with
/// an [`UnknownChoice`] error, and serde by the same words.
#[macro_export]
macro_rules! choices {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident => $word:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl $name {
            /// Every choice, in the order of declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The word for this choice.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::choice::UnknownChoice;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::choice::UnknownChoice::new(word, &[ $( $word, )+ ])),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::choice::UnknownChoice;

            fn try_from(word: String) -> Result<Self, Self::Error> {
                word.parse()
            }
        }

        impl From<$name> for &'static str {
            fn from(choice: $name) -> Self {
                choice.as_str()
            }
        }
    };
}
pub use choices;
