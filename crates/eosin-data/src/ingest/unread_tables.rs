//! Tables beside images that most likely hold labels, but cannot be read as tables of labels.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::folder::{ending, name_of};
use super::label_tables::is_table_of_labels;
use super::tree::Tree;
use super::words::{LABELLING, plain, words};
use crate::table::{Role, Table, TableError, is_table_name, read_text};

/// Why each of them is not read, in sentences that begin with its name.
pub(super) fn unread_tables(tree: &Tree, images: &[PathBuf]) -> Vec<String> {
    let stems: BTreeSet<String> = images.iter().map(|path| stem(&name_of(path))).collect();
    let why = |path: &PathBuf| {
        let is_meant = has_word(path) || (is_table_name(path) && names_most(path, &stems));
        is_meant.then(|| refused(path)).flatten()
    };
    tree.root.others.iter().filter_map(why).collect()
}

fn refused(path: &Path) -> Option<String> {
    if is_workbook(path) {
        let path = path.display();
        return Some(format!("{path} is a workbook; export it as CSV (UTF-8)"));
    }
    if !is_table_name(path) || is_table_of_labels(path) {
        return None;
    }
    let columns = |table: Table| {
        if table.header.iter().any(|name| name.starts_with("prob_")) {
            return Ok(());
        }
        if table.find(Role::Key)?.is_none() {
            table.require(Role::Path)?;
        }
        table.require(Role::Label).map(|_| ())
    };
    let read: Result<(), TableError> = Table::read(path).and_then(columns);
    read.err().map(|error| error.to_string())
}

fn is_workbook(path: &Path) -> bool {
    ending(path).is_some_and(|ending| matches!(ending.as_str(), "xlsx" | "xls" | "xlsm" | "ods"))
}

/// Whether the name says that it labels images.
fn has_word(path: &Path) -> bool {
    let stem = stem(&name_of(path));
    words(&stem).iter().any(|word| LABELLING.has(word))
}

/// Whether most of the images are named in it, wherever that is.
fn names_most(path: &Path, stems: &BTreeSet<String>) -> bool {
    let text = match read_text(path) {
        Ok(read) => read.text,
        Err(_) => std::fs::read(path)
            .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', ""))
            .unwrap_or_default(),
    };
    let cells = text.split(|c: char| ",;|\"".contains(c) || c.is_whitespace());
    let named: BTreeSet<String> = cells
        .map(stem)
        .filter(|cell| stems.contains(cell))
        .collect();
    2 * named.len() > stems.len()
}

/// A file's name without folders, ending and case.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    plain(stem)
}
