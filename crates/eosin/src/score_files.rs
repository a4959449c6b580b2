//! Prediction and label files, eosin's and the datathon's, read as manifests are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use eosin_data::likeness;
use eosin_data::table::{Role, Row, Table, Text, parse_number, read_text};
use eosin_metrics::Probs;

use crate::output::{note, short};

/// Class name by key.
pub type Labels = BTreeMap<String, String>;

/// What a probability may be above one, or below zero, by rounding.
const ROUNDING: f64 = 1e-4;

/// A predictions file.
#[derive(Debug, Default)]
pub struct Scored {
    /// Class names.
    pub classes: Vec<String>,
    /// Probabilities by key; of class decisions, 1 and 0.
    pub probs: BTreeMap<String, Vec<f64>>,
    /// The file's own targets, by key, when it has them.
    pub targets: Labels,
    /// The file's own decisions, by key, when it has them.
    pub preds: Labels,
    /// Whether the file had probabilities.
    pub has_probs: bool,
}

/// Reads predictions: a table with `key` (or `path`) and `prob_<class>` columns, or datathon lines.
///
/// # Errors
/// When the file cannot be read, is malformed, has a key twice, or several parts and none named.
pub fn read_predictions(path: &Path, part: Option<&str>) -> Result<Scored> {
    let read = read_text(path)?;
    let text = &read.text;
    if !is_table(text) {
        if let Some(part) = part {
            let path = path.display();
            bail!("{path} is no table with a column 'part' that could hold '{part}'");
        }
        return datathon_predictions(path, text);
    }
    let table = parse_table(path, &read)?;
    let (columns, classes): (Vec<usize>, Vec<String>) = prob_columns(&table).unzip();
    if columns.is_empty() {
        bail!(
            "{} has no column of probabilities, only {}; call these prob_ and the class's name",
            path.display(),
            table.header.join(", ")
        );
    }
    let key = key_column(&table)?;
    let named = |name: &str| table.header.iter().position(|column| column == name);
    let targets = own_labels(&table);
    let pred = named("pred");
    let kept = kept_part(&table, part)?;
    let mut scored = Scored {
        classes,
        has_probs: true,
        ..Scored::default()
    };
    for row in &table.rows {
        if kept
            .as_ref()
            .is_some_and(|(at, part)| row.cells[*at] != *part)
        {
            continue;
        }
        let key = key_of(&table, row, key)?;
        let probs = columns.iter().map(|at| prob(&table, row, *at, &key));
        let probs: Vec<f64> = probs.collect::<Result<_>>()?;
        refuse_sum(&table, row, &key, &probs)?;
        if let Some(target) = own_label(&table, row, &key, &targets)? {
            scored.targets.insert(key.clone(), target.to_owned());
        }
        if let Some(pred) = pred.and_then(|at| row.known(at)) {
            scored.preds.insert(key.clone(), pred.to_owned());
        }
        if scored.probs.insert(key.clone(), probs).is_some() {
            bail!("{}: key {key} stands twice", place(&table, row));
        }
    }
    Ok(scored)
}

/// Reads labels: a table with `key` (or `path`) and `label` (or `target`), or datathon lines.
///
/// # Errors
/// As [`read_predictions`]; also when a label is not known or spelled in two ways.
pub fn read_labels(path: &Path) -> Result<Labels> {
    let read = read_text(path)?;
    if !is_table(&read.text) {
        let pairs = datathon_lines(path, &read.text)?;
        return distinct(pairs.into_iter().map(|(key, label)| {
            let place = path.display().to_string();
            (key, label, place)
        }));
    }
    let table = parse_table(path, &read)?;
    let key = key_column(&table)?;
    let label = table.require(Role::Label)?;
    let mut found = Vec::new();
    for row in &table.rows {
        let (place, key) = (place(&table, row), key_of(&table, row, key)?);
        let Some(known) = row.known(label) else {
            let said = row.cell(label).unwrap_or("");
            bail!("{place}: the label of key {key} is not known ('{said}'); remove the row");
        };
        found.push((key, known.to_owned(), place));
    }
    distinct(found.into_iter())
}

/// Labels by key; a key once, a label in one spelling.
fn distinct(found: impl Iterator<Item = (String, String, String)>) -> Result<Labels> {
    let mut labels = Labels::new();
    let mut spellings: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (key, label, place) in found {
        let like = spellings.entry(likeness(&label));
        let (first, there) = like.or_insert_with(|| (label.clone(), place.clone()));
        if *first != label {
            bail!(
                "label '{first}' ({there}) and '{label}' ({place}) are most likely one; write it in \
                 one way"
            );
        }
        if labels.insert(key.clone(), label).is_some() {
            bail!("{place}: key {key} stands twice");
        }
    }
    Ok(labels)
}

fn parse_table(path: &Path, read: &Text) -> Result<Table> {
    let table = Table::of_text(path, read)?;
    for text in &table.notes {
        note(&format!("note: {text}"));
    }
    Ok(table)
}

/// Whether a file is a table: datathon lines have neither signs between words nor a header.
fn is_table(text: &str) -> bool {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("");
    first.contains([',', ';', '|']) || Table::has_header(text)
}

fn key_column(table: &Table) -> Result<usize> {
    match table.find(Role::Key)? {
        Some(at) => Ok(at),
        None => match table.find(Role::Path)? {
            Some(at) => Ok(at),
            None => bail!(
                "{} has no column 'key' or 'path', only {}; call the one to use 'key'",
                table.path.display(),
                table.header.join(", ")
            ),
        },
    }
}

/// The columns in which predictions may say what is right: `target`, and any that is called like a
/// label.
fn own_labels(table: &Table) -> Vec<usize> {
    let target = table.header.iter().position(|name| name == "target");
    let label = table.find(Role::Label).ok().flatten();
    let mut columns: Vec<usize> = target.into_iter().chain(label).collect();
    columns.dedup();
    columns
}

/// What a row says is right.
fn own_label<'a>(
    table: &Table,
    row: &'a Row,
    key: &str,
    columns: &[usize],
) -> Result<Option<&'a str>> {
    let mut said = columns.iter().filter_map(|at| Some((*at, row.known(*at)?)));
    let Some((at, first)) = said.next() else {
        return Ok(None);
    };
    if let Some((other_at, other)) = said.find(|(_, other)| likeness(other) != likeness(first)) {
        bail!(
            "{}: key {key} is '{first}' in column {} and '{other}' in column {}; keep the right column",
            place(table, row),
            table.header[at],
            table.header[other_at]
        );
    }
    Ok(Some(first))
}

fn key_of(table: &Table, row: &Row, at: usize) -> Result<String> {
    let key = row.cell(at).map(str::to_owned);
    key.with_context(|| format!("{} has no key", place(table, row)))
}

fn place(table: &Table, row: &Row) -> String {
    format!("{}, line {}", table.path.display(), row.line)
}

/// Columns of probabilities with their classes.
fn prob_columns(table: &Table) -> impl Iterator<Item = (usize, String)> {
    let columns = table.header.iter().enumerate();
    columns.filter_map(|(at, name)| Some((at, name.strip_prefix("prob_")?.to_owned())))
}

fn prob(table: &Table, row: &Row, at: usize, key: &str) -> Result<f64> {
    let (column, cell) = (&table.header[at], &row.cells[at]);
    let said = || format!("{}: {column} of key {key} is '{cell}'", place(table, row));
    let Some(value) = parse_number(cell).filter(|value| value.is_finite()) else {
        bail!("{}, no probability; expected a number from 0 to 1", said());
    };
    if !(-ROUNDING..=1.0 + ROUNDING).contains(&value) {
        bail!(
            "{}, no probability; expected a number from 0 to 1 (are these logits?)",
            said()
        );
    }
    Ok(value.clamp(0.0, 1.0))
}

/// Probabilities of all classes are one in all.
fn refuse_sum(table: &Table, row: &Row, key: &str, probs: &[f64]) -> Result<()> {
    let sum: f64 = probs.iter().sum();
    if probs.len() < 2 || (sum - 1.0).abs() <= Probs::SUM_TOLERANCE {
        return Ok(());
    }
    bail!(
        "{}: the probabilities of key {key} sum to {}, not to 1; apply softmax over the classes",
        place(table, row),
        short(sum)
    )
}

/// The column of parts and the one to keep: the one asked for, or the only one. A run's own file
/// holds several models' predictions, which no score may mix.
fn kept_part(table: &Table, asked: Option<&str>) -> Result<Option<(usize, String)>> {
    let path = table.path.display();
    let Some(at) = table.header.iter().position(|name| name == "part") else {
        return match asked {
            None => Ok(None),
            Some(part) => bail!("{path} has no column 'part' that could hold '{part}'"),
        };
    };
    let parts: BTreeSet<&str> = table
        .rows
        .iter()
        .map(|row| row.cells[at].as_str())
        .collect();
    let known = parts.iter().copied().collect::<Vec<_>>().join(", ");
    let mut names = parts.iter().copied();
    match (asked, names.next(), names.next()) {
        (Some(part), ..) if parts.contains(part) => Ok(Some((at, part.to_owned()))),
        (Some(part), ..) => bail!("{path} has no part '{part}', only {known}"),
        (None, Some(first), Some(_)) => bail!(
            "{path} holds predictions of several models ({known}); name one, such as \
             '--part {first}'"
        ),
        (None, Some(only), None) => Ok(Some((at, only.to_owned()))),
        (None, ..) => Ok(None),
    }
}

/// Lines `<key> <class>`, blank separated.
fn datathon_lines(path: &Path, text: &str) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [key, class] => pairs.push(((*key).to_owned(), (*class).to_owned())),
            _ => bail!(
                "{}, line {}: expected '<key> <class>', got '{line}'",
                path.display(),
                index + 1
            ),
        }
    }
    if pairs.is_empty() {
        bail!("{} is empty", path.display());
    }
    Ok(pairs)
}

fn datathon_predictions(path: &Path, text: &str) -> Result<Scored> {
    let mut scored = Scored {
        classes: vec!["0".into(), "1".into()],
        ..Scored::default()
    };
    for (key, class) in datathon_lines(path, text)? {
        let probs = match class.as_str() {
            "0" => vec![1.0, 0.0],
            "1" => vec![0.0, 1.0],
            other => bail!(
                "{}: class of key {key} is '{other}'; it must be 0 or 1",
                path.display()
            ),
        };
        if scored.probs.insert(key.clone(), probs).is_some() {
            bail!("{}: key {key} stands twice", path.display());
        }
    }
    Ok(scored)
}
