//! What the reader of a table of patches should know of how it was read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::IngestError;
use super::found::FoundPatch;
use super::manifest_columns::Columns;
use super::manifest_rows::Reader;
use crate::listed::counted;
use crate::matching::{By, Leniency, Rule};
use crate::table::{Role, Row, Table};

/// All of it, in sentences.
pub(super) fn notes(
    table: &Table,
    columns: &Columns,
    reader: &Reader<'_>,
    images: &[PathBuf],
    patches: &[FoundPatch],
) -> Result<Vec<String>, IngestError> {
    let mut notes = table.notes.clone();
    notes.extend(table.column_notes(columns.purpose.roles())?);
    notes.extend(rule_notes(reader, patches.len()));
    notes.extend(reader.parts.tell().then(|| reader.parts.note()));
    notes.extend(unknown_note(columns, table));
    notes.extend(unlisted_note(images, patches));
    Ok(notes)
}

/// Names that were not simply paths from the folder of the table.
fn rule_notes(reader: &Reader<'_>, all: usize) -> Vec<String> {
    let said = reader
        .rules
        .iter()
        .filter(|(rule, _)| **rule != Rule::EQUAL);
    said.map(|(rule, n)| {
        let by = match rule {
            Rule {
                by: By::File,
                leniency: Leniency::Exact,
            } => "the working folder that they start from".to_owned(),
            rule => rule.to_string(),
        };
        format!("{n} of {all} names were found by {by}")
    })
    .collect()
}

/// Cells such as `NA` are unknown: say how many there are.
fn unknown_note(columns: &Columns, table: &Table) -> Vec<String> {
    let roles = [
        Role::Patient,
        Role::Slide,
        Role::Group,
        Role::Label,
        Role::Fold,
    ];
    let written = |role: &Role| {
        let is_word =
            |row: &&Row| columns.cell(row, *role).is_some() && columns.known(row, *role).is_none();
        let rows: Vec<&Row> = table.rows.iter().filter(is_word).collect();
        let first = columns.cell(rows.first()?, *role)?;
        let rows = counted(rows.len(), "row", "rows");
        Some(format!(
            "the {} of {rows} is '{first}', which is taken as not known",
            role.name()
        ))
    };
    roles.iter().filter_map(written).collect()
}

/// Images that lie beside the manifest but that no row names are left out on purpose; say so.
fn unlisted_note(images: &[PathBuf], patches: &[FoundPatch]) -> Option<String> {
    let plain = |path: &Path| path.components().collect::<PathBuf>();
    let named: BTreeSet<PathBuf> = patches.iter().map(|patch| plain(&patch.path)).collect();
    let unlisted = images
        .iter()
        .filter(|path| !named.contains(&plain(path)))
        .count();
    let images = counted(
        unlisted,
        "image in the folder is",
        "images in the folder are",
    );
    (unlisted > 0).then(|| format!("{images} not used: no row of the manifest names them"))
}
