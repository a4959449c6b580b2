//! Where a backbone's weights come from.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Endings of weight files.
const ENDINGS: [&str; 7] = ["safetensors", "pth", "pt", "bin", "ckpt", "tar", "th"];

/// Where a backbone's weights come from. In a configuration one word: nothing, `random`, a path, or
/// a name.
///
/// ```
/// use eosin_core::config::Weights;
///
/// let parsed = |word: &str| word.parse::<Weights>().unwrap();
/// assert_eq!(parsed(""), Weights::Embedded);
/// assert_eq!(parsed("random"), Weights::Random);
/// assert_eq!(parsed("weights/r18.pth"), Weights::File("weights/r18.pth".into()));
/// assert_eq!(parsed("resnet18.a1_in1k"), Weights::Named("resnet18.a1_in1k".into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Weights {
    /// Those that are part of the program.
    #[default]
    Embedded,
    /// Fresh ones, from the seed.
    Random,
    /// Those of a file.
    File(PathBuf),
    /// Those that are known by this name; see `eosin weights ls`.
    Named(String),
}

impl From<String> for Weights {
    /// A path has a separator or a weight file's ending; any other word is a name.
    fn from(word: String) -> Self {
        let path = Path::new(&word);
        let ending = path.extension().and_then(|ending| ending.to_str());
        let is_path = path.components().count() > 1
            || word.contains('/')
            || ending.is_some_and(|ending| ENDINGS.contains(&ending));
        match word.as_str() {
            "" => Self::Embedded,
            "random" => Self::Random,
            _ if is_path => Self::File(word.into()),
            _ => Self::Named(word),
        }
    }
}

impl FromStr for Weights {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        Ok(word.to_owned().into())
    }
}

impl From<Weights> for String {
    fn from(weights: Weights) -> Self {
        weights.to_string()
    }
}

/// The word that gives it back.
impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => Ok(()),
            Self::Random => f.write_str("random"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Which tensors of a weight file are meant, where it holds more than those of one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorChoice {
    /// Where in a checkpoint the state dict is, such as `state_dict_ema` or `model/teacher`; `None`:
    /// where checkpoints usually have it.
    pub key: Option<String>,
    /// What stands before the names of the network's tensors, such as `encoder_q.`; `None`: found
    /// out, when there is only one possibility.
    pub prefix: Option<String>,
}
