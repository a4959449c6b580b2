//! Prediction and label files, eosin's and the datathon's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Class name by key.
pub type Labels = BTreeMap<String, String>;

/// A predictions file.
#[derive(Debug, Default)]
pub struct Scored {
    /// Class names.
    pub classes: Vec<String>,
    /// Probabilities by key; of class decisions, 1 and 0.
    pub probs: BTreeMap<String, Vec<f64>>,
    /// The file's own targets, by key, when it has them.
    pub targets: Labels,
    /// Whether the file had probabilities.
    pub has_probs: bool,
}

/// Reads predictions: a CSV or TSV with `key` (or `path`) and `prob_<class>` columns, or datathon lines.
///
/// # Errors
/// When the file cannot be read, is malformed, has a key twice, or several parts and none named.
pub fn read_predictions(path: &Path, part: Option<&str>) -> Result<Scored> {
    let text = read(path)?;
    let Some(delimiter) = delimiter(&text) else {
        if let Some(part) = part {
            let path = path.display();
            bail!("{path} is no table with a column 'part' that could hold '{part}'");
        }
        return datathon_predictions(path, &text);
    };
    let table = Table::parse(path, &text, delimiter)?;
    let mut scored = Scored {
        has_probs: true,
        ..Scored::default()
    };
    let prob_columns: Vec<usize> = (0..table.header.len())
        .filter(|at| {
            let class = table.header[*at].strip_prefix("prob_");
            class.is_some_and(|class| {
                scored.classes.push(class.to_owned());
                true
            })
        })
        .collect();
    if prob_columns.is_empty() {
        bail!(
            "{} has no prob_<class> columns, only {}",
            path.display(),
            table.header.join(", ")
        );
    }
    let key = table.column(path, &["key", "path"])?;
    let target = table.header.iter().position(|name| name == "target");
    let kept = table.part(path, part)?;
    for (line, row) in table.rows.iter().enumerate() {
        if kept.as_ref().is_some_and(|(at, part)| row[*at] != *part) {
            continue;
        }
        let key = row[key].clone();
        let prob = |at: &usize| {
            row[*at].parse::<f64>().with_context(|| {
                format!(
                    "{}, line {}: '{}' is no probability",
                    path.display(),
                    line + 2,
                    row[*at]
                )
            })
        };
        let probs = prob_columns.iter().map(prob).collect::<Result<_>>()?;
        if let Some(target) = target.filter(|at| !row[*at].is_empty()) {
            scored.targets.insert(key.clone(), row[target].clone());
        }
        if scored.probs.insert(key.clone(), probs).is_some() {
            bail!(
                "{}, line {}: key {key} stands twice",
                path.display(),
                line + 2
            );
        }
    }
    Ok(scored)
}

/// Reads labels: a CSV or TSV with `key` (or `path`) and `label` (or `target`), or datathon lines.
///
/// # Errors
/// As [`read_predictions`].
pub fn read_labels(path: &Path) -> Result<Labels> {
    let text = read(path)?;
    let pairs: Vec<(String, String)> = if let Some(delimiter) = delimiter(&text) {
        let table = Table::parse(path, &text, delimiter)?;
        let key = table.column(path, &["key", "path"])?;
        let label = table.column(path, &["label", "target"])?;
        table
            .rows
            .iter()
            .map(|row| (row[key].clone(), row[label].clone()))
            .collect()
    } else {
        datathon_lines(path, &text)?
    };
    let mut labels = Labels::new();
    for (key, label) in pairs {
        if labels.insert(key.clone(), label).is_some() {
            bail!("{}: key {key} stands twice", path.display());
        }
    }
    Ok(labels)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What parts the columns of a table; `None` of datathon lines, which have neither a comma nor a
/// header with tabs.
fn delimiter(text: &str) -> Option<u8> {
    let header = text.lines().next()?;
    let names_keys = |name: &str| matches!(name, "key" | "path");
    if header.contains('\t') && header.split('\t').any(names_keys) {
        return Some(b'\t');
    }
    header.contains(',').then_some(b',')
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

/// A small CSV or TSV file, read whole.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn parse(path: &Path, text: &str, delimiter: u8) -> Result<Self> {
        let name = path.display();
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(delimiter).from_reader(text.as_bytes());
        let words = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header = words(reader.headers().with_context(|| format!("in {name}"))?);
        let mut rows = Vec::new();
        for record in reader.records() {
            rows.push(words(&record.with_context(|| format!("in {name}"))?));
        }
        if rows.is_empty() {
            bail!("{name} has a header but no rows");
        }
        Ok(Self { header, rows })
    }

    /// The column of parts and the one to keep: the one asked for, or the only one. A run's own
    /// file holds several models' predictions, which no score may mix.
    fn part(&self, path: &Path, asked: Option<&str>) -> Result<Option<(usize, String)>> {
        let path = path.display();
        let Some(at) = self.header.iter().position(|name| name == "part") else {
            return match asked {
                None => Ok(None),
                Some(part) => bail!("{path} has no column 'part' that could hold '{part}'"),
            };
        };
        let parts: BTreeSet<&str> = self.rows.iter().map(|row| row[at].as_str()).collect();
        let known = parts.iter().copied().collect::<Vec<_>>().join(", ");
        // What one view of a patch would say is asked for by name, or not at all.
        let mut names = parts
            .iter()
            .copied()
            .filter(|part| !part.ends_with("-one-view"));
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

    fn column(&self, path: &Path, names: &[&str]) -> Result<usize> {
        let found = names
            .iter()
            .find_map(|name| self.header.iter().position(|h| h == name));
        found.with_context(|| {
            let (wanted, has) = (names.join("' or '"), self.header.join(", "));
            format!("{} has no column '{wanted}', only {has}", path.display())
        })
    }
}
