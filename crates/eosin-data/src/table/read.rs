//! A table, read whole.

use std::path::{Path, PathBuf};

use super::header::{header_below, misplaced_header};
use super::role::is_known;
use super::row::Row;
use super::text::{Text, text_of_bytes};
use super::{TableError, delimiter, read_text};

/// A header and rows with as many cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The file.
    pub path: PathBuf,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows that are not empty.
    pub rows: Vec<Row>,
    /// What the reader should know of how the file was read.
    pub notes: Vec<String>,
}

/// Whether a file is named as tables are.
pub fn is_table_name(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        matches!(
            ending.to_ascii_lowercase().as_str(),
            "csv" | "tsv" | "tab" | "txt"
        )
    })
}

/// A number, also one with a decimal comma.
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) if !text.contains('.') => text.replacen(',', ".", 1).parse().ok(),
        Err(_) => None,
    }
}

impl Table {
    /// Reads the table in a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no table.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        Self::of_text(path, &read_text(path)?)
    }

    /// Reads the table that these bytes are; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Self, TableError> {
        Self::of_text(path, &text_of_bytes(path, bytes)?)
    }

    /// Whether a text begins like a table with columns of a known meaning.
    pub fn has_header(text: &str) -> bool {
        let (text, told) = delimiter::told(text);
        let sign = told.or_else(|| delimiter::find(Path::new(""), text).ok().flatten());
        let first = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("");
        let Some(sign) = sign else {
            return is_known(first);
        };
        let mut cells = first.split(char::from(sign));
        cells.any(|cell| is_known(cell.trim().trim_matches('"')))
    }

    /// Parses text that was read before; `path` is named in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read), but for what the file itself refuses.
    pub fn of_text(path: &Path, Text { text, encoding }: &Text) -> Result<Self, TableError> {
        let (text, told) = delimiter::told(text);
        let sign = match told {
            Some(sign) => sign,
            None => delimiter::find(path, text)?.unwrap_or(b','),
        };
        let table_error = |cause| TableError::Csv {
            path: path.to_owned(),
            cause,
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(sign)
            .flexible(true)
            .from_reader(text.as_bytes());
        let cells =
            |record: &csv::StringRecord| -> Vec<String> { record.iter().map(bare).collect() };
        let header = cells(reader.headers().map_err(table_error)?);
        let mut lines = Lines::new(text, 1 + u64::from(told.is_some()));
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(table_error)?;
            let row = Row {
                line: lines.of(record.position().map_or(0, csv::Position::byte)),
                cells: cells(&record),
            };
            if row.cells.iter().any(|cell| !cell.is_empty()) {
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Err(TableError::Empty(path.to_owned()));
        }
        make_even(path, &header, &mut rows)?;
        let encoding =
            encoding.map(|name| format!("{} is no UTF-8; it was read as {name}", path.display()));
        Ok(Self {
            path: path.to_owned(),
            header,
            rows,
            notes: encoding.into_iter().collect(),
        })
    }
}

/// Takes empty cells off the ends of rows that are longer than the header; others must be as long.
fn make_even(path: &Path, header: &[String], rows: &mut [Row]) -> Result<(), TableError> {
    let expected = header.len();
    for row in rows.iter_mut() {
        let more = row.cells.iter().skip(expected);
        if more.clone().count() > 0 && more.into_iter().all(String::is_empty) {
            row.cells.truncate(expected);
        }
    }
    let uneven = rows.iter().filter(|row| row.cells.len() != expected);
    let uneven: Vec<String> = uneven
        .map(|row| format!("line {} has {}", row.line, row.cells.len()))
        .collect();
    if uneven.is_empty() {
        return Ok(());
    }
    let fix = match misplaced_header(header, rows) {
        Some(line) => header_below(line),
        None => "give each row a cell for each column".to_owned(),
    };
    Err(TableError::Uneven {
        path: path.to_owned(),
        expected,
        rows: uneven,
        fix,
    })
}

/// Counts lines as editors do, empty ones too, which the parser passes over.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn new(text: &'a str, first: u64) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            line: first,
        }
    }

    /// The line of the record that begins at this byte, or after empty lines there.
    fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(&here) = self.bytes.get(self.at) {
            if self.at >= byte && !matches!(here, b'\r' | b'\n') {
                break;
            }
            let pair = here == b'\r' && self.bytes.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(here == b'\n' || (here == b'\r' && !pair));
            self.at += 1;
        }
        self.line
    }
}

/// A cell without what cannot be seen around it.
fn bare(cell: &str) -> String {
    let unseen = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}');
    let bare = cell.trim_matches(unseen);
    // A blank before the quotes hides them from the parser.
    let quoted = bare
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted.filter(|inner| bare != cell && !inner.replace("\"\"", "").contains('"')) {
        Some(inner) => inner.replace("\"\"", "\"").trim_matches(unseen).to_owned(),
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Role;

    fn table(bytes: &[u8]) -> Result<Table, String> {
        Table::of_bytes(Path::new("t.csv"), bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn every_usual_delimiter_is_told_from_the_header() {
        for text in [
            "path,label\na.png,x\n",
            "path;label\r\na.png;x\r\n",
            "path\tlabel\na.png\tx",
            "path|label\na.png|x\n",
            "path label\na.png x\n",
            "sep=;\r\npath;label\r\na.png;x\r\n",
            "\"sep=;\"\npath;label\na.png;x\n",
            "path,label\ra.png,x\r",
            "\u{feff}\"path\",\"label\"\n\"a.png\",\" x \"\n\n",
            "Image ID;Class\na.png;x\n;\n",
        ] {
            let table = table(text.as_bytes()).unwrap();
            let columns = [Role::Path, Role::Label].map(|role| table.require(role).unwrap());
            let row: Vec<&str> = columns
                .iter()
                .map(|at| table.rows[0].cells[*at].as_str())
                .collect();
            assert_eq!((row, table.rows.len()), (vec!["a.png", "x"], 1), "{text:?}");
        }
    }

    #[test]
    fn decimal_commas_and_commas_within_cells_do_not_mislead() {
        let table = table(b"key;prob_a;prob_b\na,1.png;0,25;0,75\nb,2.png;0,5;0,5\n").unwrap();
        assert_eq!(table.header, ["key", "prob_a", "prob_b"]);
        assert_eq!(parse_number(&table.rows[0].cells[1]), Some(0.25));
        assert_eq!(parse_number("1,000.5"), None);
    }

    #[test]
    fn what_may_be_separated_in_two_ways_is_refused_with_the_fix() {
        let error = table(b"path,label;path\na,b;c\n").unwrap_err();
        assert!(
            error.contains("'sep=,'") && error.contains("'sep=;'"),
            "{error}"
        );
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        let table = table(b"sep=,\npath,label\n\na.png,x\n\"b\n.png\",y\nc.png,z\n").unwrap();
        let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [4, 5, 7]);
    }

    #[test]
    fn two_columns_of_one_meaning_are_refused() {
        let table = table(b"path,class,target\na,b,c\n").unwrap();
        let error = table.require(Role::Label).unwrap_err().to_string();
        assert!(
            error.contains("several columns that may be 'label': class, target"),
            "{error}"
        );
    }
}
