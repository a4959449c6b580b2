//! Which row of a file of embeddings is which patch's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eosin_core::D4;
use eosin_data::table::{Role, Row, Table};
use eosin_store::KeysRecord;

use crate::embed::embedding_error::EmbeddingsError;

/// The note of a safetensors file that holds the keys, as a JSON list.
pub(crate) const NOTE: &str = "keys";
/// The one that may hold labels, likewise.
const LABELS: &str = "labels";
/// The one that may say what each view is.
const VIEWS: &str = "views";
/// Endings of a table of keys.
const ENDINGS: [&str; 4] = ["csv", "tsv", "txt", "tab"];

/// The keys of a file's rows.
#[derive(Clone, Debug)]
pub(crate) struct EmbeddingKeys {
    /// A key a row.
    pub keys: Vec<String>,
    /// What their column is called.
    pub column: String,
    /// The table that they stand in; `None`: in the file itself.
    pub table: Option<KeysRecord>,
    /// What stands beside each as its label, where labels do.
    pub labels: Vec<Option<String>>,
    /// Columns that say what only the data are asked for: patients, parts and the like.
    pub unused: Vec<String>,
}

impl EmbeddingKeys {
    /// The keys of the embeddings in `path`: those that its notes have, else those of a table of the
    /// same name beside it.
    ///
    /// # Errors
    /// When there are none, or they are no list of distinct texts, one for each of `rows`.
    pub fn read(
        path: &Path,
        notes: &BTreeMap<String, String>,
        rows: usize,
    ) -> Result<Self, EmbeddingsError> {
        let found = match notes.get(NOTE) {
            Some(note) => Self {
                keys: of_note(path, note)?,
                column: Role::Key.name().to_owned(),
                table: None,
                labels: labels_of_note(path, notes, rows)?,
                unused: Vec::new(),
            },
            None => Self::of_table(&table_beside(path)?)?,
        };
        let of = found.table.as_ref().map_or(path, |table| &table.file);
        if found.keys.len() != rows {
            return Err(EmbeddingsError::Count {
                path: path.to_owned(),
                rows,
                keys: found.keys.len(),
                of: of.to_owned(),
            });
        }
        refuse_twice(of, &found.keys)?;
        Ok(found)
    }

    fn of_table(path: &Path) -> Result<Self, EmbeddingsError> {
        let bytes = std::fs::read(path).map_err(|source| EmbeddingsError::Read {
            path: path.to_owned(),
            source,
        })?;
        let table = Table::of_bytes(path, &bytes)?;
        let column = match table.find(Role::Key)? {
            Some(column) => column,
            None => match table.find(Role::Path)? {
                Some(column) => column,
                None => {
                    return Err(EmbeddingsError::NoColumn {
                        path: path.to_owned(),
                        found: table.header.join(", "),
                    });
                }
            },
        };
        let key = |row: &Row| {
            row.cell(column).map(str::to_owned).ok_or_else(|| {
                let place = format!("{}, line {},", path.display(), row.line);
                EmbeddingsError::NoKey { place }
            })
        };
        // A column that may or may not be labels is none: they are only held against the data's.
        let labels = match table.find(Role::Label) {
            Ok(Some(label)) => {
                let known = |row: &Row| row.known(label).map(str::to_owned);
                table.rows.iter().map(known).collect()
            }
            Ok(None) | Err(_) => Vec::new(),
        };
        let asked_for = [Role::Key, Role::Path, Role::Label];
        let unused = Role::ALL
            .into_iter()
            .filter(|role| !asked_for.contains(role));
        let unused = unused.filter_map(|role| table.find(role).ok().flatten());
        Ok(Self {
            column: table.header[column].clone(),
            labels,
            unused: unused.map(|at| table.header[at].clone()).collect(),
            keys: table.rows.iter().map(key).collect::<Result<_, _>>()?,
            table: Some(KeysRecord {
                file: path.to_owned(),
                blake3: blake3::hash(&bytes).to_hex().to_string(),
            }),
        })
    }
}

fn of_note(path: &Path, note: &str) -> Result<Vec<String>, EmbeddingsError> {
    serde_json::from_str(note).map_err(|error| no_list(path, NOTE, &error.to_string()))
}

fn no_list(path: &Path, note: &'static str, reason: &str) -> EmbeddingsError {
    EmbeddingsError::Note {
        path: path.to_owned(),
        note,
        reason: reason.to_owned(),
    }
}

/// The labels of a file's own notes, one a row, where it has some.
fn labels_of_note(
    path: &Path,
    notes: &BTreeMap<String, String>,
    rows: usize,
) -> Result<Vec<Option<String>>, EmbeddingsError> {
    let Some(note) = notes.get(LABELS) else {
        return Ok(Vec::new());
    };
    let refused = |reason: &str| no_list(path, LABELS, reason);
    let list: Vec<serde_json::Value> =
        serde_json::from_str(note).map_err(|error| refused(&error.to_string()))?;
    if list.len() != rows {
        return Err(refused(&format!(
            "{} of them beside {rows} rows",
            list.len()
        )));
    }
    let label = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Ok(Some(text)),
        serde_json::Value::Number(number) => Ok(Some(number.to_string())),
        serde_json::Value::Null => Ok(None),
        other => Err(refused(&format!("{other} is none"))),
    };
    list.into_iter().map(label).collect()
}

/// Refuses a note on views that are not as many, or in another order, than the array has them.
///
/// # Errors
/// As said.
pub(crate) fn hold_to_noted_views(
    path: &Path,
    notes: &BTreeMap<String, String>,
    views: usize,
) -> Result<(), EmbeddingsError> {
    // Any other note of that name is somebody's own.
    let noted = notes.get(VIEWS).map(|note| serde_json::from_str(note));
    let Some(Ok(noted)): Option<Result<Vec<String>, _>> = noted else {
        return Ok(());
    };
    let symmetries = D4::ALL.map(D4::name);
    let are_symmetries = noted.iter().all(|name| symmetries.contains(name));
    if noted.len() == views && (views != D4::COUNT || !are_symmetries || noted == symmetries) {
        return Ok(());
    }
    Err(EmbeddingsError::NotedViews {
        path: path.to_owned(),
        noted: noted.join(", "),
        views,
        order: symmetries.join(", "),
    })
}

/// The one table of the same name.
fn table_beside(path: &Path) -> Result<PathBuf, EmbeddingsError> {
    let beside = ENDINGS.map(|ending| path.with_extension(ending));
    let mut tables = beside.into_iter().filter(|table| table.is_file());
    match (tables.next(), tables.next()) {
        (Some(table), None) => Ok(table),
        (Some(one), Some(other)) => Err(EmbeddingsError::SeveralTables { one, other }),
        (None, _) => Err(EmbeddingsError::NoKeys {
            path: path.to_owned(),
        }),
    }
}

fn refuse_twice(of: &Path, keys: &[String]) -> Result<(), EmbeddingsError> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (second, key) in keys.iter().enumerate() {
        if key.is_empty() {
            let place = format!("row {second} (counted from 0) of {}", of.display());
            return Err(EmbeddingsError::NoKey { place });
        }
        if let Some(first) = known.insert(key, second) {
            return Err(EmbeddingsError::Twice {
                key: key.clone(),
                of: of.to_owned(),
                first,
                second,
            });
        }
    }
    Ok(())
}
