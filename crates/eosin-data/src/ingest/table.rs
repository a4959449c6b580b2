//! A CSV or TSV manifest: `path,label` and any of `patient,slide,group,split`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use eosin_core::Split;

use super::IngestError;
use super::check::{Found, FoundPatch};
use super::walk::{images_below, key_of};
use crate::listed::{counted, listed};

const KNOWN: [&str; 6] = ["path", "label", "patient", "slide", "group", "split"];

/// Reads the file; paths are relative to its folder.
pub(super) fn read(file: &Path) -> Result<Found, IngestError> {
    let root = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let text = std::fs::read_to_string(file).map_err(IngestError::read(file))?;
    let text = text.trim_start_matches('\u{feff}');
    let tabs = text.lines().next().is_some_and(|line| line.contains('\t'));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let table_error = |source| IngestError::Csv {
        path: file.to_owned(),
        source,
    };
    let header = reader.headers().map_err(table_error)?.clone();
    let columns = Columns::find(file, &header)?;
    let rows: Vec<StringRecord> = reader
        .records()
        .collect::<Result<_, _>>()
        .map_err(table_error)?;
    let patches = read_rows(file, &root, &columns, &rows)?;
    let notes = columns.notes(&header).into_iter();
    let notes = notes.chain(note_unlisted(&root, &patches)?).collect();
    Ok(Found {
        root,
        patches,
        notes,
        ..Found::default()
    })
}

/// Where each known column is.
struct Columns([Option<usize>; KNOWN.len()]);

impl Columns {
    fn find(file: &Path, header: &StringRecord) -> Result<Self, IngestError> {
        let at = |name: &str| {
            header
                .iter()
                .position(|cell| cell.eq_ignore_ascii_case(name))
        };
        for column in ["path", "label"] {
            if at(column).is_none() {
                return Err(IngestError::MissingColumn {
                    path: file.to_owned(),
                    column,
                    found: listed(&header.iter().collect::<Vec<_>>()),
                    nearest: eosin_core::choice::nearest(column, header.iter()).map(str::to_owned),
                });
            }
        }
        Ok(Self(KNOWN.map(at)))
    }

    /// The cell of a known column, `None` when there is no such column or nothing in it.
    fn cell<'a>(&self, row: &'a StringRecord, name: &str) -> Option<&'a str> {
        let known = KNOWN.iter().position(|known| *known == name)?;
        row.get(self.0[known]?).filter(|cell| !cell.is_empty())
    }

    fn notes(&self, header: &StringRecord) -> Option<String> {
        let unused: Vec<&str> = (0..header.len())
            .filter(|at| !self.0.contains(&Some(*at)))
            .map(|at| &header[at])
            .collect();
        let columns = counted(unused.len(), "column is", "columns are");
        let note = format!("{columns} not used: {}", listed(&unused));
        (!unused.is_empty()).then_some(note)
    }

    fn has(&self, name: &str) -> bool {
        KNOWN
            .iter()
            .zip(self.0)
            .any(|(known, at)| *known == name && at.is_some())
    }
}

fn read_rows(
    file: &Path,
    root: &Path,
    columns: &Columns,
    rows: &[StringRecord],
) -> Result<Vec<FoundPatch>, IngestError> {
    let some_split =
        columns.has("split") && rows.iter().any(|row| columns.cell(row, "split").is_some());
    let mut patches = Vec::with_capacity(rows.len());
    let mut bad = Vec::new();
    let mut missing = Vec::new();
    for row in rows {
        match read_row(root, columns, row, some_split) {
            Err(reason) => {
                let line = row.position().map_or(0, csv::Position::line);
                bad.push(format!("line {line} {reason}"));
            }
            Ok(patch) if !patch.path.is_file() => missing.push(patch.key),
            Ok(patch) => patches.push(patch),
        }
    }
    if !bad.is_empty() {
        return Err(IngestError::BadLines {
            path: file.to_owned(),
            lines: bad,
        });
    }
    if !missing.is_empty() {
        return Err(IngestError::Unmatched {
            labels_without_image: missing,
            images_without_label: Vec::new(),
        });
    }
    Ok(patches)
}

fn read_row(
    root: &Path,
    columns: &Columns,
    row: &StringRecord,
    some_split: bool,
) -> Result<FoundPatch, String> {
    let own = |name| columns.cell(row, name).map(str::to_owned);
    let path = own("path").ok_or("has no path")?.replace('\\', "/");
    let split = match columns.cell(row, "split") {
        None if some_split => {
            return Err("has no split, though other rows have: name train, val or test".into());
        }
        None => None,
        Some(word) => Some(word.parse::<Split>().map_err(|error| error.to_string())?),
    };
    let label = own("label");
    if label.is_none() && split != Some(Split::Test) {
        return Err(format!(
            "('{path}') has no label; only rows whose split is 'test' may leave it empty"
        ));
    }
    let full = root.join(&path);
    Ok(FoundPatch {
        key: key_of(root, &full),
        path: full,
        label,
        patient: own("patient"),
        slide: own("slide"),
        group: own("group"),
        split,
    })
}

/// Images that lie beside the manifest but that no row names are left out on purpose; say so.
fn note_unlisted(root: &Path, patches: &[FoundPatch]) -> Result<Option<String>, IngestError> {
    let named: BTreeSet<&str> = patches.iter().map(|patch| patch.key.as_str()).collect();
    let (images, _) = images_below(root)?;
    let unlisted = images
        .iter()
        .filter(|path| !named.contains(key_of(root, path).as_str()))
        .count();
    let images = counted(
        unlisted,
        "image in the folder is",
        "images in the folder are",
    );
    Ok((unlisted > 0).then(|| format!("{images} not used: no row of the manifest names them")))
}
