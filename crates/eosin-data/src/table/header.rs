//! Headers that do not stand in the first line.

use super::role::is_known;
use super::row::Row;

/// Rows that are looked at.
const ROWS: usize = 20;

/// The line that has the names of columns, when it is not the first: titles and remarks are often
/// written above it.
pub(super) fn misplaced_header(header: &[String], rows: &[Row]) -> Option<u64> {
    let names_columns = |cells: &[String]| cells.iter().filter(|cell| is_known(cell)).count() > 1;
    if names_columns(header) {
        return None;
    }
    let mut rows = rows.iter().take(ROWS);
    rows.find(|row| names_columns(&row.cells))
        .map(|row| row.line)
}

/// What to do about it.
pub(super) fn header_below(line: u64) -> String {
    format!("line {line} looks like the header: remove what stands above it")
}
