//! A table of patches: `path,label` and any of `patient,slide,group,split`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use eosin_core::Split;

use super::IngestError;
use super::found::{Found, FoundPatch};
use super::tree::{Tree, key_of};
use super::words::part_named;
use crate::listed::{counted, listed};
use crate::matching::{By, Leniency, NameMatcher, NoMatch, Rule};
use crate::table::{Role, Row, Table};

const ROLES: [Role; 7] = Role::ALL;

/// Reads the file; paths are relative to its folder.
pub(super) fn read(file: &Path) -> Result<Found, IngestError> {
    let root = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let table = Table::read(file)?;
    let columns = Columns::find(&table)?;
    let images = Tree::read(&root)?.root.all_images();
    let keyed = images
        .iter()
        .map(|path| (key_of(&root, path), path.clone()));
    let mut reader = Reader {
        file,
        matcher: NameMatcher::new(&root, keyed.collect()),
        root: &root,
        columns: &columns,
        some_split: table
            .rows
            .iter()
            .any(|row| columns.known(row, Role::Split).is_some()),
        rules: BTreeMap::new(),
    };
    let patches = reader.rows(&table.rows)?;
    let mut notes = table.notes.clone();
    notes.extend(table.column_notes(&ROLES)?);
    notes.extend(reader.rule_notes(patches.len()));
    notes.extend(unknown_note(&columns, &table));
    notes.extend(unlisted_note(&images, &patches));
    Ok(Found {
        root,
        patches,
        notes,
        ..Found::default()
    })
}

/// Where each known column is.
struct Columns(BTreeMap<Role, usize>);

impl Columns {
    fn find(table: &Table) -> Result<Self, IngestError> {
        let mut columns = BTreeMap::new();
        for role in ROLES {
            columns.extend(table.find(role)?.map(|at| (role, at)));
        }
        if !columns.contains_key(&Role::Path)
            && let Some(key) = columns.get(&Role::Key).copied()
        {
            columns.insert(Role::Path, key);
        }
        if !columns.contains_key(&Role::Path) {
            table.require(Role::Path)?;
        }
        if !columns.contains_key(&Role::Label) {
            table.require(Role::Label)?;
        }
        Ok(Self(columns))
    }

    /// What a cell says, when it is known.
    fn known<'a>(&self, row: &'a Row, role: Role) -> Option<&'a str> {
        row.known(*self.0.get(&role)?)
    }

    /// What stands in a cell.
    fn cell<'a>(&self, row: &'a Row, role: Role) -> Option<&'a str> {
        row.cell(*self.0.get(&role)?)
    }
}

struct Reader<'a> {
    file: &'a Path,
    matcher: NameMatcher,
    root: &'a Path,
    columns: &'a Columns,
    /// Whether any row names a part.
    some_split: bool,
    /// How many names were found by each rule.
    rules: BTreeMap<Rule, usize>,
}

impl Reader<'_> {
    fn rows(&mut self, rows: &[Row]) -> Result<Vec<FoundPatch>, IngestError> {
        let mut patches = Vec::with_capacity(rows.len());
        let mut bad = Vec::new();
        let mut missing = Vec::new();
        for row in rows {
            match self.row(row) {
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
            return Err(IngestError::Unmatched {
                hint: self.hint(first),
                labels_without_image: missing,
                images_without_label: Vec::new(),
            });
        }
        self.refuse_same_images(&patches)?;
        Ok(patches)
    }

    fn row(&mut self, row: &Row) -> Result<FoundPatch, RowError> {
        let bad = |reason: &str| RowError::Bad(reason.to_owned());
        let name = self
            .columns
            .cell(row, Role::Path)
            .ok_or_else(|| bad("has no path"))?;
        let split = match self.columns.known(row, Role::Split) {
            None if self.some_split => {
                return Err(bad(
                    "has no split, though other rows have: name train, val or test",
                ));
            }
            None => None,
            Some(word) => Some(part(word)?),
        };
        let label = self.label(row, name, split)?;
        let (path, rule) = self.image(name)?;
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
            line: Some(row.line),
        })
    }

    /// The class, which only test patches may lack.
    fn label(
        &self,
        row: &Row,
        name: &str,
        split: Option<Split>,
    ) -> Result<Option<String>, RowError> {
        let label = self.columns.known(row, Role::Label).map(str::to_owned);
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

    fn image(&mut self, name: &str) -> Result<(PathBuf, Rule), RowError> {
        self.matcher.find(name).map_err(|no_match| match no_match {
            NoMatch::None => RowError::Missing(name.to_owned()),
            NoMatch::Several(keys) => RowError::Bad(format!(
                "('{name}') fits {} images: {}; write more of its path",
                keys.len(),
                listed(&keys)
            )),
        })
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

    fn hint(&self, name: &str) -> Option<String> {
        let near = self.matcher.nearest(name)?;
        Some(format!("the nearest to '{name}' in the folder is '{near}'"))
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

    fn rule_notes(&self, all: usize) -> Vec<String> {
        let said = self.rules.iter().filter(|(rule, _)| **rule != Rule::EQUAL);
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

/// Cells such as `NA` are unknown: say how many there are.
fn unknown_note(columns: &Columns, table: &Table) -> Vec<String> {
    let roles = [Role::Patient, Role::Slide, Role::Group, Role::Label];
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
