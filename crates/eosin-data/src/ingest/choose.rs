//! Whether the names of folders or a table beside them say what the patches are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eosin_core::FolderLayout;

use super::IngestError;
use super::decide::{Decided, decide};
use super::folders::{self, loose};
use super::found::Found;
use super::label_tables::{Comparison, LabelTable, tables_of_labels};
use super::readings::{Reading, TableReading};
use super::tree::Tree;
use super::unread_tables::unread_tables;
use crate::listed::{counted, listed};
use crate::table::is_table_name;

/// What says what the patches of a folder are.
pub(super) enum Chosen {
    /// The names of its folders.
    Folders(FolderLayout, Found),
    /// A table in it, and what should be said about that.
    Table(PathBuf, Vec<String>),
}

/// Finds out by what a folder with images is to be read.
///
/// A table that names most images counts where the folders are not known to be classes. Where both
/// may be the classes they must agree.
pub(super) fn choose(tree: &Tree) -> Result<Chosen, IngestError> {
    let images = tree.root.all_images();
    let tables: Vec<LabelTable> = tables_of_labels(tree)
        .into_iter()
        .filter_map(|path| LabelTable::read(tree, &images, path))
        .collect();
    let unread = unread_tables(tree, &images);
    match ByFolders::read(tree) {
        Ok(folders) => folders.or_table(&tables, &unread),
        Err(refused) => by_table(tree, &tables, refused, &unread),
    }
}

/// A folder as the names of its sub-folders say.
struct ByFolders {
    decided: Decided,
    found: Found,
}

impl ByFolders {
    fn read(tree: &Tree) -> Result<Self, IngestError> {
        if !tree.root.images.is_empty() {
            return Err(loose(&tree.root.path, &tree.root.images));
        }
        let decided = decide(tree)?;
        let mut found = folders::read(tree, decided.layout)?;
        found.notes.extend(decided.notes.iter().cloned());
        Ok(Self { decided, found })
    }

    fn or_table(mut self, tables: &[LabelTable], unread: &[String]) -> Result<Chosen, IngestError> {
        let (fitting, others): (Vec<&LabelTable>, Vec<&LabelTable>) =
            tables.iter().partition(|table| table.fits());
        for table in others {
            if !self.are_classes(table) && !table.labels.is_empty() && table.classes().len() > 1 {
                return Err(self.refusal(table, "names some of the images only"));
            }
            self.found.notes.push(not_used(table));
        }
        if fitting.is_empty() && !self.decided.by_words && !unread.is_empty() {
            let refused = IngestError::Readings {
                path: self.found.root.clone(),
                why: "has folders that may be the classes, and a table that may say them",
                readings: vec![self.reading()],
            };
            return Err(with_unread(refused, unread));
        }
        self.found
            .notes
            .extend(unread.iter().map(|why| no_labels(why)));
        match fitting.as_slice() {
            [] => {}
            [table] if !self.are_classes(table) => return Ok(self.by_table(table)),
            [table] => {
                let note = self.agreement(table)?;
                if table.says_more && !table.is_complete() {
                    let why = "names not just the images that there are, and says more than the \
                               folders";
                    return Err(self.refusal(table, why));
                }
                if table.says_more {
                    return Ok(Chosen::Table(table.path.clone(), vec![note]));
                }
                self.found.notes.push(note);
            }
            several => {
                for table in several {
                    if table.says_more || !self.are_classes(table) {
                        return Err(several_tables(&self.found.root, several));
                    }
                    let note = self.agreement(table)?;
                    self.found.notes.push(note);
                }
            }
        }
        Ok(Chosen::Folders(self.decided.layout, self.found))
    }

    /// Whether the folders may be the classes, where there is this table.
    fn are_classes(&self, table: &LabelTable) -> bool {
        self.decided.by_words || table.shares_names(&self.found.patches)
    }

    fn by_table(self, table: &LabelTable) -> Chosen {
        let folders: Vec<&String> = self.found.declared.keys().collect();
        let note = format!(
            "the names of the folders ({}) are not taken for classes, since {} labels the images \
             in them",
            listed(&folders),
            table.path.display()
        );
        Chosen::Table(table.path.clone(), vec![note])
    }

    /// What is said where both say the same.
    fn agreement(&self, table: &LabelTable) -> Result<String, IngestError> {
        let path = table.path.display();
        match table.compare(&self.found.patches) {
            Comparison::Same { images } => {
                let images = counted(images, "image", "images");
                Ok(format!("{path} says the same of {images} as their folders"))
            }
            Comparison::Renamed(names) => {
                let names = names.iter();
                let names = names.map(|(folder, said)| format!("'{said}' for '{folder}'"));
                let names: Vec<String> = names.collect();
                Ok(format!(
                    "{path} says the same as the folders in other words: {}",
                    listed(&names)
                ))
            }
            Comparison::Contradiction {
                images,
                of,
                first,
                said,
            } => {
                let why = format!(
                    "gives {images} of {of} images another label, such as '{said}' to {first}"
                );
                Err(self.refusal(table, &why))
            }
        }
    }

    fn refusal(&self, table: &LabelTable, why: &str) -> IngestError {
        let classes = table.classes().into_iter();
        IngestError::FoldersOrTable {
            path: self.found.root.clone(),
            why: format!("{} {why}", table.path.display()),
            folders: self.reading().into(),
            table: Box::new(TableReading {
                table: table.path.clone(),
                classes: classes.map(|(class, n)| (class.to_owned(), n)).collect(),
            }),
        }
    }

    /// How the folders are read.
    fn reading(&self) -> Reading {
        let declared = self.found.declared.keys();
        let mut classes: BTreeMap<&str, usize> =
            declared.map(|class| (class.as_str(), 0)).collect();
        let labels = self.found.patches.iter();
        for label in labels.filter_map(|patch| patch.label.as_deref()) {
            *classes.entry(label).or_default() += 1;
        }
        let classes = classes.into_iter();
        Reading {
            layout: self.decided.layout.to_string(),
            classes: classes.map(|(class, n)| (class.to_owned(), n)).collect(),
            others: String::new(),
        }
    }
}

fn no_labels(why: &str) -> String {
    format!("no labels are read from a table: {why}")
}

fn with_unread(refused: IngestError, unread: &[String]) -> IngestError {
    if unread.is_empty() {
        return refused;
    }
    IngestError::UnreadTables {
        refused: Box::new(refused),
        unread: unread.iter().map(|why| no_labels(why)).collect(),
    }
}

fn not_used(table: &LabelTable) -> String {
    let path = table.path.display();
    match (table.labels.len(), table.classes().len()) {
        (0, _) => format!("{path} is not used: its rows name none of the images"),
        (named, 0 | 1) if 2 * named > table.images => {
            format!("{path} is not used: it gives all images one label")
        }
        (named, _) => {
            let images = counted(table.images, "image", "images");
            format!("{path} is not used: it names {named} of {images}")
        }
    }
}

fn several_tables(folder: &Path, tables: &[&LabelTable]) -> IngestError {
    let tables = tables.iter().map(|table| table.path.display().to_string());
    IngestError::Tables {
        folder: folder.to_owned(),
        tables: tables.collect(),
    }
}

/// Images whose folders say no class may have a table of labels beside them, as at Kaggle.
fn by_table(
    tree: &Tree,
    tables: &[LabelTable],
    refused: IngestError,
    unread: &[String],
) -> Result<Chosen, IngestError> {
    let naming: Vec<&LabelTable> = tables
        .iter()
        .filter(|table| !table.labels.is_empty())
        .collect();
    let all: Vec<&LabelTable> = tables.iter().collect();
    let candidates = if naming.is_empty() { all } else { naming };
    match candidates.as_slice() {
        [table] => Ok(Chosen::Table(table.path.clone(), Vec::new())),
        // What is wrong with the only table says more than that images lie loose beside it.
        [] => match only_table(tree) {
            Some(table) => Ok(Chosen::Table(table.to_owned(), Vec::new())),
            None => Err(with_unread(refused, unread)),
        },
        several => Err(several_tables(&tree.root.path, several)),
    }
}

/// The only table beside images that lie in no folder, whatever is in it.
fn only_table(tree: &Tree) -> Option<&Path> {
    let mut tables = tree.root.others.iter().filter(|path| is_table_name(path));
    let only = tables.next().filter(|_| tables.next().is_none());
    only.map(PathBuf::as_path)
        .filter(|_| !tree.root.images.is_empty())
}
