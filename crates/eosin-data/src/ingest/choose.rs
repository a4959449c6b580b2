//! Whether the names of folders or a table beside them say what the patches are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eosin_core::{FolderLayout, Level};

use super::IngestError;
use super::decide::{Decided, decide};
use super::folders::{self, loose};
use super::found::Found;
use super::label_tables::{Comparison, LabelTable, tables_of_labels};
use super::readings::{Reading, TableReading};
use super::tree::Tree;
use super::unread_tables::unread_tables;
use crate::listed::{counted, listed};
use crate::table::Role;

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
        if fitting.is_empty() {
            self.refuse_doubt(&others, unread)?;
        }
        let mut said: Vec<String> = others.into_iter().map(not_used).collect();
        said.extend(unread.iter().map(|why| no_labels(why)));
        let by_table = match fitting.as_slice() {
            [table] if !self.are_classes(table) => {
                said.push(self.not_classes(table));
                Some(table)
            }
            [table] => {
                said.push(self.agreement(table)?);
                self.refuse_loss(table)?;
                (!table.more.is_empty()).then_some(table)
            }
            several => {
                for table in several {
                    if !table.more.is_empty() || !self.are_classes(table) {
                        return Err(several_tables(&self.found.root, several));
                    }
                    said.push(self.agreement(table)?);
                }
                None
            }
        };
        if let Some(table) = by_table {
            return Ok(Chosen::Table(table.path.clone(), said));
        }
        self.found.notes.extend(said);
        Ok(Chosen::Folders(self.decided.layout, self.found))
    }

    /// Refuses folders of unknown words beside tables that may say the classes, though none fits.
    fn refuse_doubt(&self, tables: &[&LabelTable], unread: &[String]) -> Result<(), IngestError> {
        let is_doubtful = |table: &&&LabelTable| {
            !self.are_classes(table) && !table.labels.is_empty() && table.classes().len() > 1
        };
        if let Some(table) = tables.iter().find(is_doubtful) {
            return Err(self.refusal(table, "names some of the images only"));
        }
        if self.decided.by_words || unread.is_empty() {
            return Ok(());
        }
        let refused = IngestError::Readings {
            path: self.found.root.clone(),
            why: "has folders that may be the classes, and a table that may say them",
            readings: vec![self.reading()],
        };
        Err(with_unread(refused, unread))
    }

    /// Refuses where the table and the folders each say what the other does not.
    fn refuse_loss(&self, table: &LabelTable) -> Result<(), IngestError> {
        if table.more.is_empty() {
            return Ok(());
        }
        if !table.is_complete() {
            let why = "says more than the folders, and does not name just the images that there \
                       are";
            return Err(self.refusal(table, why));
        }
        let levels = [
            (Level::Patient, Role::Patient),
            (Level::Slide, Role::Slide),
            (Level::Group, Role::Group),
            (Level::Fold, Role::Fold),
        ];
        let is_lost = |(level, role): &&(Level, Role)| {
            self.decided.layout.depth_of(*level).is_some() && !table.more.contains(role)
        };
        match levels.iter().find(is_lost) {
            None => Ok(()),
            Some((level, _)) => {
                let why = format!("has no column '{level}', which the folders say");
                Err(self.refusal(table, &why))
            }
        }
    }

    /// Whether the folders may be the classes, where there is this table.
    fn are_classes(&self, table: &LabelTable) -> bool {
        self.decided.by_words || table.shares_names(&self.found.patches)
    }

    fn not_classes(&self, table: &LabelTable) -> String {
        let folders: Vec<&String> = self.found.declared.keys().collect();
        format!(
            "the names of the folders ({}) are not taken for classes, since {} labels the images \
             in them",
            listed(&folders),
            table.path.display()
        )
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
        [] => Err(with_unread(refused, unread)),
        several => Err(several_tables(&tree.root.path, several)),
    }
}
