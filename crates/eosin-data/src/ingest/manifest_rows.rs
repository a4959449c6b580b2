//! The rows of a table of patches, each held to the images that there are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eosin_core::Split;

use super::IngestError;
use super::folder::key_of;
use super::folder_parts::{FolderParts, part_folder};
use super::found::FoundPatch;
use super::manifest_columns::{Columns, Purpose};
use super::words::part_named;
use crate::listed::listed;
use crate::matching::{NameMatcher, NoMatch, Rule};
use crate::table::{Role, Row, Table};

/// Reads rows, and counts by what their names were found.
pub(super) struct Reader<'a> {
    file: &'a Path,
    matcher: NameMatcher,
    root: &'a Path,
    columns: &'a Columns,
    /// Whether any row names a part.
    some_split: bool,
    /// Whether any row that is not of the test part names a fold.
    some_fold: bool,
    /// What the folders of the images say of parts, where the table says nothing.
    pub parts: FolderParts,
    /// How many names were found by each rule.
    pub rules: BTreeMap<Rule, usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        table: &'a Table,
        columns: &'a Columns,
        root: &'a Path,
        matcher: NameMatcher,
    ) -> Self {
        let has_split = |row: &Row| columns.known(row, Role::Split).is_some();
        let is_test = |row: &Row| {
            let word = columns.known(row, Role::Split);
            word.and_then(part_named) == Some(Split::Test)
        };
        let has_fold = |row: &Row| !is_test(row) && columns.known(row, Role::Fold).is_some();
        Self {
            file: &table.path,
            matcher,
            root,
            columns,
            some_split: table.rows.iter().any(has_split),
            some_fold: table.rows.iter().any(has_fold),
            parts: FolderParts::default(),
            rules: BTreeMap::new(),
        }
    }

    pub(super) fn rows(&mut self, rows: &[Row]) -> Result<Vec<FoundPatch>, IngestError> {
        let mut patches = Vec::with_capacity(rows.len());
        let mut bad = Vec::new();
        let mut missing = Vec::new();
        let images: Vec<_> = rows.iter().map(|row| self.image(row)).collect();
        if !self.some_split && self.columns.purpose == Purpose::Training {
            let known = images.iter().flatten().map(|found| &found.path);
            self.parts = FolderParts::of(self.root, known);
        }
        for (row, image) in rows.iter().zip(images) {
            match image.and_then(|image| self.row(row, image)) {
                Err(RowError::Bad(reason)) => bad.push(format!("line {} {reason}", row.line)),
                Err(RowError::Missing(key)) => missing.push(key),
                Ok(patch) => patches.push(patch),
            }
        }
        if !bad.is_empty() {
            return Err(IngestError::BadLines {
                path: self.file.to_owned(),
                lines: bad,
            });
        }
        if let Some(first) = missing.first() {
            return Err(IngestError::MissingImages {
                table: self.file.to_owned(),
                hint: self.hint(first),
                names: missing,
            });
        }
        self.refuse_same_images(&patches)?;
        self.parts.refuse_some(self.file)?;
        Ok(patches)
    }

    fn row(&mut self, row: &Row, image: Image<'_>) -> Result<FoundPatch, RowError> {
        let Image { name, path, rule } = image;
        let split = self.split(row, &path)?;
        let label = self.label(row, name, split)?;
        *self.rules.entry(rule).or_default() += 1;
        let own = |role| self.columns.known(row, role).map(str::to_owned);
        Ok(FoundPatch {
            key: self.key(row, name, &path, rule),
            path,
            label,
            patient: own(Role::Patient),
            slide: own(Role::Slide),
            group: own(Role::Group),
            split,
            fold: self.fold(row, split)?,
            site: own(Role::Site),
            line: Some(row.line),
        })
    }

    /// The part: every row names one, or none does and folders may.
    fn split(&self, row: &Row, path: &Path) -> Result<Option<Split>, RowError> {
        match self.columns.known(row, Role::Split) {
            None if self.some_split => Err(RowError::Bad(
                "has no split, though other rows have: name train, val or test".to_owned(),
            )),
            None if self.parts.tell() => {
                let part = part_folder(self.root, path).map(|folder| folder.part);
                // Folds divide what is not held out.
                Ok(part.filter(|part| !self.some_fold || *part == Split::Test))
            }
            None => Ok(None),
            Some(word) => Ok(Some(part(word)?)),
        }
    }

    /// The class, which only test patches may lack.
    fn label(
        &self,
        row: &Row,
        name: &str,
        split: Option<Split>,
    ) -> Result<Option<String>, RowError> {
        let label = self.columns.known(row, Role::Label).map(str::to_owned);
        if self.columns.purpose == Purpose::Prediction {
            return Ok(None);
        }
        if label.is_some() || split == Some(Split::Test) {
            return Ok(label);
        }
        let said = self.columns.cell(row, Role::Label);
        let said = said.map_or_else(String::new, |cell| {
            format!(" ('{cell}' stands for what is not known; call a class otherwise)")
        });
        Err(RowError::Bad(format!(
            "('{name}') has no label{said}; only rows whose split is 'test' may leave it empty"
        )))
    }

    /// The fold that validates on the patch: every row names one, or none does.
    fn fold(&self, row: &Row, split: Option<Split>) -> Result<Option<String>, RowError> {
        let bad = |reason: String| Err(RowError::Bad(reason));
        if split == Some(Split::Test) || !self.some_fold {
            return match self.columns.known(row, Role::Fold) {
                Some(fold) if self.parts.tell() => bad(format!(
                    "has the fold '{fold}', but its image lies in a folder that is the test part: \
                     leave the fold empty, or add a column 'split'"
                )),
                _ => Ok(None),
            };
        }
        match self.columns.known(row, Role::Fold) {
            None => {
                bad("has no fold, though other rows have: name the one that validates on it".into())
            }
            Some(word) if part_named(word).is_some() => bad(format!(
                "has the fold '{word}', which is a part: call that column 'split'"
            )),
            Some(word) if word.starts_with('-') => bad(format!(
                "has the fold '{word}': name the one that validates on it, from 0 or 1"
            )),
            Some(word) => Ok(Some(word.to_owned())),
        }
    }

    fn image<'r>(&mut self, row: &'r Row) -> Result<Image<'r>, RowError> {
        let name = self.columns.cell(row, Role::Path);
        let name = name.ok_or_else(|| RowError::Bad("has no path".to_owned()))?;
        let found = self.matcher.find(name);
        let (path, rule) = found.map_err(|no_match| match no_match {
            NoMatch::None => RowError::Missing(name.to_owned()),
            NoMatch::Several(keys) => RowError::Bad(format!(
                "('{name}') fits {} images: {}; write more of its path",
                keys.len(),
                listed(&keys)
            )),
        })?;
        Ok(Image { name, path, rule })
    }

    /// What the table calls the patch; a plain path below the folder as it is on disk.
    fn key(&self, row: &Row, name: &str, path: &Path, rule: Rule) -> String {
        if let Some(key) = self.columns.cell(row, Role::Key) {
            return key.to_owned();
        }
        if rule == Rule::EQUAL && !Path::new(name).is_absolute() {
            return key_of(self.root, path);
        }
        name.to_owned()
    }

    fn hint(&self, name: &str) -> String {
        match self.matcher.nearest(name) {
            Some(near) => format!("the nearest to '{name}' in the folder is '{near}'"),
            None => "names are paths from the folder of the table".to_owned(),
        }
    }

    /// One image under two names would be two patches.
    fn refuse_same_images(&self, patches: &[FoundPatch]) -> Result<(), IngestError> {
        let mut seen: BTreeMap<&Path, &FoundPatch> = BTreeMap::new();
        let mut same = Vec::new();
        for patch in patches {
            if let Some(first) = seen.insert(&patch.path, patch)
                && first.key != patch.key
            {
                same.push(format!(
                    "{} ('{}') and {} ('{}') name one image",
                    first.place(),
                    first.key,
                    patch.place(),
                    patch.key
                ));
            }
        }
        if same.is_empty() {
            return Ok(());
        }
        Err(IngestError::BadLines {
            path: self.file.to_owned(),
            lines: same,
        })
    }
}

/// The image of a row.
struct Image<'a> {
    /// What the table calls it.
    name: &'a str,
    path: PathBuf,
    /// By what it was found.
    rule: Rule,
}

enum RowError {
    /// Something is wrong with the row.
    Bad(String),
    /// There is no such image.
    Missing(String),
}

fn part(word: &str) -> Result<Split, RowError> {
    let parsed = word.parse::<Split>();
    match (parsed, part_named(word)) {
        (Ok(split), _) | (Err(_), Some(split)) => Ok(split),
        (Err(error), None) => Err(RowError::Bad(error.to_string())),
    }
}
