//! A row of a table.

use crate::ingest::is_unknown;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file, the first being 1.
    pub line: u64,
    /// Its cells, without blanks around them.
    pub cells: Vec<String>,
}

impl Row {
    /// The cell, unless it is empty or stands for what is not known, such as `NA`.
    pub fn known(&self, at: usize) -> Option<&str> {
        let cell = self.cells.get(at)?;
        (!is_unknown(cell)).then_some(cell.as_str())
    }

    /// The cell as it stands there; nothing when it is empty.
    pub fn cell(&self, at: usize) -> Option<&str> {
        let cell = self.cells.get(at)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }
}
