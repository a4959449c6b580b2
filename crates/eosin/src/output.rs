//! What is printed: results to stdout, everything else to stderr.

use std::io::Write as _;

pub use eosin_core::bytes_in_words as bytes;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// Prints a line of a result. A closed pipe ends the output, not the program.
pub fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        // `eosin ... | head` has read enough.
    }
}

/// Prints a line of progress or advice.
pub fn note(line: &str) {
    if writeln!(std::io::stderr(), "{line}").is_err() {
        // Nobody listens to stderr.
    }
}

/// Prints an error with its causes, once.
pub fn print_error(error: &anyhow::Error) {
    note(&format!("error: {error:#}"));
}

/// Prints one JSON object; a list is named in one.
///
/// # Errors
/// When the value has no JSON form.
pub fn say_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    debug_assert!(text.starts_with('{'), "'--json' prints objects: {text}");
    say(&text);
    Ok(())
}

/// Prints a table; all columns but the first are aligned right.
pub fn say_table(header: &[&str], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say(&table.to_string());
}

/// A number in few characters, such as `0.0316` or `1e-6`.
pub fn short(value: f64) -> String {
    if (1e-3..1e4).contains(&value) {
        format!("{value:.3}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    } else {
        format!("{value:.1e}").replace(".0e", "e")
    }
}
