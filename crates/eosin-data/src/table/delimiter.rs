//! What separates the cells of a table.

use std::path::Path;

use super::TableError;
use super::role::is_known;

/// Signs that separate cells, the likeliest first.
const SIGNS: [u8; 4] = *b",;\t|";
/// Rows that are looked at.
const ROWS: usize = 50;

/// The text without a line such as `sep=;`, and the sign that this names.
pub(super) fn told(text: &str) -> (&str, Option<u8>) {
    let (first, rest) = text.split_once(['\n', '\r']).unwrap_or((text, ""));
    let bare = first.trim().trim_matches('"');
    let Some(sign) = bare
        .to_ascii_lowercase()
        .strip_prefix("sep=")
        .map(str::to_owned)
    else {
        return (text, None);
    };
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    match sign.as_bytes() {
        [sign] => (rest, Some(*sign)),
        b"\\t" | [] => (rest, Some(b'\t')),
        _ => (text, None),
    }
}

/// What one sign makes of a text.
struct Trial {
    sign: u8,
    /// Cells of the header that are columns with a known meaning.
    known: usize,
    /// Whether all rows have as many cells as the header.
    even: bool,
}

/// The sign that separates cells; `None` where there is only one column.
pub(super) fn find(path: &Path, text: &str) -> Result<Option<u8>, TableError> {
    let trials = SIGNS.iter().filter_map(|sign| trial(text, *sign));
    let mut trials: Vec<Trial> = trials.collect();
    if trials.is_empty() {
        let blank = trial(text, b' ').filter(|trial| trial.known > 1 && trial.even);
        return Ok(blank.map(|trial| trial.sign));
    }
    let rank = |trial: &Trial| (trial.known.min(2), trial.even, trial.known);
    trials.sort_by_key(|trial| std::cmp::Reverse(rank(trial)));
    if let [first, second, ..] = trials.as_slice()
        && rank(first) == rank(second)
    {
        return Err(TableError::Delimiter {
            path: path.to_owned(),
            first: first.sign.into(),
            second: second.sign.into(),
        });
    }
    Ok(Some(trials[0].sign))
}

/// Reads the beginning by this sign; `None` when it separates nothing in the header.
fn trial(text: &str, sign: u8) -> Option<Trial> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(sign)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records().take(ROWS).filter_map(Result::ok);
    let header = records.next()?;
    if header.len() < 2 {
        return None;
    }
    Some(Trial {
        sign,
        known: header.iter().filter(|cell| is_known(cell)).count(),
        even: records.all(|row| row.len() == header.len()),
    })
}
