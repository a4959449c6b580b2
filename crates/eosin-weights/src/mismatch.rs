//! Why tensors do not fit a network.

use crate::error::WeightsError;

/// Why tensors cannot be put into a network.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// They do not fit it.
    #[error(transparent)]
    Mismatch(#[from] StateMismatch),
    /// They cannot be read.
    #[error(transparent)]
    Read(#[from] WeightsError),
}

/// Why tensors do not fit a network. Each list holds names.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.describe())]
pub struct StateMismatch {
    /// The network has them, the tensors given do not.
    pub missing: Vec<String>,
    /// The tensors given have them, the network does not.
    pub unexpected: Vec<String>,
    /// Name, shape given and shape expected.
    pub misshaped: Vec<String>,
}

impl StateMismatch {
    fn describe(&self) -> String {
        let list = |what: &str, names: &[String]| {
            let shown = names
                .iter()
                .take(5)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            let more = names.len().saturating_sub(5);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            (!names.is_empty()).then(|| format!("{} {what}: {shown}{more}", names.len()))
        };
        let parts = [
            list("missing", &self.missing),
            list("unexpected", &self.unexpected),
            list("of another shape", &self.misshaped),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Whether every tensor fits.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshaped.is_empty()
    }
}
