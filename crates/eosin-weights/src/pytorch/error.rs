//! Why a PyTorch file cannot be read.

use crate::shown::shown;

/// Why bytes are no archive of `torch.save`. Positions are bytes from the file's beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// The directory at the file's end is missing.
    #[error("its directory is missing; the file is cut short, fetch it again")]
    NoDirectory,
    /// Something in the archive contradicts the format or itself.
    #[error("{what} at byte {at}; the file is damaged, fetch it again")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// An entry is compressed or encrypted; `torch.save` stores entries as they are.
    #[error(
        "entry '{entry}' is {how}; save it again with `torch.save(model.state_dict(), ...)`, which stores entries as they are"
    )]
    NotStored {
        /// Name of the entry.
        entry: String,
        /// `compressed` or `encrypted`.
        how: &'static str,
    },
    /// Two entries have the same name.
    #[error("entry '{entry}' is there twice; the file is damaged or forged")]
    Twice {
        /// Name of the entries.
        entry: String,
    },
    /// Two entries share bytes.
    #[error("entries '{first}' and '{second}' overlap; the file is damaged or forged")]
    Overlap {
        /// Name of the entry that begins first.
        first: String,
        /// Name of the other.
        second: String,
    },
}

/// Why a PyTorch file is not what it announces.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TorchError {
    /// An archive without `data.pkl`.
    #[error(
        "it is a zip archive without one `<folder>/data.pkl`; if weights are inside, unpack it first"
    )]
    NoPickle,
    /// An archive with a program in it.
    #[error(
        "it is a TorchScript program; load it with `torch.jit.load` and save `torch.save(model.state_dict(), ...)`"
    )]
    TorchScript,
    /// Written on a machine of the other byte order.
    #[error("it is big-endian; load it and save it again on a little-endian machine")]
    BigEndian,
    /// A pickle that `torch.save` did not write.
    #[error(
        "it is a plain pickle, not written by `torch.save`; save it with `torch.save(model.state_dict(), ...)`"
    )]
    PlainPickle,
    /// The version of the format is not the one that there is.
    #[error("its format version is not 1001; the file is damaged, fetch it again")]
    Version,
    /// The list of storages is wrong.
    #[error("its list of storages {what}; the file is damaged, fetch it again")]
    Storages {
        /// What is wrong.
        what: &'static str,
    },
    /// The file ends inside a storage.
    #[error("it breaks off in storage '{key}'; the file is cut short, fetch it again")]
    Truncated {
        /// Key of the storage.
        key: String,
    },
    /// Something follows the last storage.
    #[error("{bytes} bytes follow its last storage; the file is damaged, fetch it again")]
    Trailing {
        /// How many bytes.
        bytes: usize,
    },
}

/// The keys that lead to a place, for an error.
pub(super) fn place(path: &[String]) -> String {
    match path {
        [] => "the top".to_owned(),
        path => format!("'{}'", shown(&path.join("/"))),
    }
}

impl SelectError {
    /// What is at the end of `path` has names, but no floating-point numbers.
    pub(crate) fn integers_alone(path: &[String]) -> Self {
        Self::NoTensors {
            place: place(path),
            present: "none of floating-point numbers".to_owned(),
        }
    }
}

/// Why the state dict is not found in a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The file holds no dict.
    #[error(
        "it holds {found} and no tensors by name; save it again with `torch.save(model.state_dict(), ...)`"
    )]
    NotDict {
        /// What it holds.
        found: &'static str,
    },
    /// No tensors are where they are looked for.
    #[error("no tensors by name at {place}; there are {present}")]
    NoTensors {
        /// The keys that lead there.
        place: String,
        /// The keys that are there.
        present: String,
    },
    /// More than one entry could be meant.
    #[error("{candidates} all hold tensors by name; choose one with '--weights-key KEY'")]
    Ambiguous {
        /// The keys.
        candidates: String,
    },
    /// The key that the caller names is not there.
    #[error("there is no key '{key}'; there are {present}")]
    NoKey {
        /// The key.
        key: String,
        /// The keys that are there.
        present: String,
    },
    /// The caller names a key of a format that has none.
    #[error("there is no key '{key}': safetensors hold tensors alone; leave the key out")]
    Flat {
        /// The key.
        key: String,
    },
    /// An entry of the state dict has no name.
    #[error("entry {index} of the state dict has a key that is no text; the file is damaged")]
    Unnamed {
        /// Which entry.
        index: usize,
    },
}
