//! Tables of labels that lie beside images: what they name, and whether they say what folders say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::folder::{key_of, name_of};
use super::found::FoundPatch;
use super::likeness;
use super::tree::Tree;
use super::words::plain;
use crate::matching::NameMatcher;
use crate::table::{Role, Table, is_table_name};

/// The tables of labels that lie beside images.
pub(super) fn tables_of_labels(tree: &Tree) -> Vec<&Path> {
    let is_one = |path: &&Path| {
        is_table_of_labels(path) && !name_of(path).to_lowercase().contains("submission")
    };
    let others = tree.root.others.iter().map(PathBuf::as_path);
    others.filter(is_one).collect()
}

/// Whether it has columns of images and of labels.
pub(super) fn is_table_of_labels(path: &Path) -> bool {
    let predicts = |name: &String| name.starts_with("prob_");
    let is_one =
        |table: &Table| NamesAndLabels::find(table).is_some() && !table.header.iter().any(predicts);
    is_table_name(path) && Table::read(path).is_ok_and(|table| is_one(&table))
}

/// The columns by which images are labelled.
struct NamesAndLabels {
    names: usize,
    labels: usize,
}

impl NamesAndLabels {
    fn find(table: &Table) -> Option<Self> {
        let find = |role| table.find(role).ok().flatten();
        Some(Self {
            names: find(Role::Path).or_else(|| find(Role::Key))?,
            labels: find(Role::Label)?,
        })
    }
}

/// What a table of labels says of the images of a folder.
#[derive(Debug)]
pub(super) struct LabelTable {
    /// The table.
    pub path: PathBuf,
    /// Images that its rows name, with the label where it is known.
    pub labels: BTreeMap<PathBuf, Option<String>>,
    /// Images of the folder.
    pub images: usize,
    /// Rows that name none of them, or more than one.
    strangers: usize,
    /// What it says beside the class.
    pub more: BTreeSet<Role>,
}

impl LabelTable {
    /// Finds the images that the rows of the table at `path` name; nothing where it has no labels.
    pub(super) fn read(tree: &Tree, images: &[PathBuf], path: &Path) -> Option<Self> {
        let table = Table::read(path).ok()?;
        let columns = NamesAndLabels::find(&table)?;
        let root = &tree.root.path;
        let keyed = images.iter().map(|path| (key_of(root, path), path.clone()));
        let mut matcher = NameMatcher::new(root, keyed.collect());
        let known: BTreeSet<&PathBuf> = images.iter().collect();
        let more = [
            Role::Patient,
            Role::Slide,
            Role::Group,
            Role::Split,
            Role::Fold,
        ];
        let has = |role| !matches!(table.find(role), Ok(None));
        let mut found = Self {
            path: path.to_owned(),
            labels: BTreeMap::new(),
            images: images.len(),
            strangers: 0,
            more: more.into_iter().filter(|role| has(*role)).collect(),
        };
        for row in &table.rows {
            let image = row.cell(columns.names).map(|name| matcher.find(name));
            match image {
                Some(Ok((image, _))) if known.contains(&image) => {
                    let label = row.known(columns.labels).map(str::to_owned);
                    found.labels.insert(image, label);
                }
                _ => found.strangers += 1,
            }
        }
        Some(found)
    }

    /// Whether it names most of the images and tells classes apart.
    pub(super) fn fits(&self) -> bool {
        2 * self.labels.len() > self.images && self.classes().len() > 1
    }

    /// Whether it names every image, and nothing else, and knows every label.
    pub(super) fn is_complete(&self) -> bool {
        self.labels.len() == self.images
            && self.strangers == 0
            && self.labels.values().all(Option::is_some)
    }

    /// Its labels, with the number of images of each.
    pub(super) fn classes(&self) -> BTreeMap<&str, usize> {
        let mut classes = BTreeMap::new();
        for label in self.labels.values().flatten() {
            *classes.entry(label.as_str()).or_default() += 1;
        }
        classes
    }

    /// Whether a name of a folder is one of its labels, so that both speak of the same classes.
    pub(super) fn shares_names(&self, folders: &[FoundPatch]) -> bool {
        let own: BTreeSet<String> = self.classes().keys().map(|label| plain(label)).collect();
        let labels = folders.iter().filter_map(|patch| patch.label.as_ref());
        labels
            .map(|label| plain(label))
            .any(|label| own.contains(&label))
    }

    /// How its labels compare with those that folders give.
    pub(super) fn compare(&self, folders: &[FoundPatch]) -> Comparison {
        let both: Vec<(&FoundPatch, &str, &str)> = folders
            .iter()
            .filter_map(|patch| {
                let said = self.labels.get(&patch.path)?.as_deref()?;
                Some((patch, patch.label.as_deref()?, said))
            })
            .collect();
        let differs = |(_, folder, said): &&(_, &str, &str)| likeness(folder) != likeness(said);
        let differing: Vec<&(&FoundPatch, &str, &str)> = both.iter().filter(differs).collect();
        let Some((first, _, said)) = differing.first() else {
            return Comparison::Same { images: both.len() };
        };
        if !self.shares_names(folders)
            && let Some(renamed) = renamed(both.iter().map(|(_, folder, said)| (*folder, *said)))
        {
            return Comparison::Renamed(renamed);
        }
        Comparison::Contradiction {
            images: differing.len(),
            of: both.len(),
            first: first.key.clone(),
            said: (*said).to_owned(),
        }
    }
}

/// Which label stands for which folder, if each does for one only.
fn renamed<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<BTreeMap<String, String>> {
    let (mut there, mut back) = (BTreeMap::new(), BTreeMap::new());
    for (folder, said) in pairs {
        let is_one = *there.entry(folder).or_insert(said) == said
            && *back.entry(said).or_insert(folder) == folder;
        if !is_one {
            return None;
        }
    }
    let owned = |(folder, said): (&str, &str)| (folder.to_owned(), said.to_owned());
    Some(there.into_iter().map(owned).collect())
}

/// How the labels of a table compare with those of folders.
#[derive(Debug)]
pub(super) enum Comparison {
    /// All are the same.
    Same { images: usize },
    /// They divide the images in the same way, by other names: those of the table by those of the
    /// folders.
    Renamed(BTreeMap<String, String>),
    /// Some images have another label.
    Contradiction {
        images: usize,
        of: usize,
        /// One of the images.
        first: String,
        /// What the table says of it.
        said: String,
    },
}
