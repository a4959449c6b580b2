//! The refusal of a folder that can be read in more than one way: each way with what it gives.

use std::collections::BTreeMap;

use eosin_core::Level;
use eosin_core::layout::joined;

use super::IngestError;
use super::levels::{Kind, LevelNames, Trail, keep_one_of_each, levels};
use super::nested::Holder;
use super::tree::Tree;
use crate::listed::{counted, listed};

/// Ways that are listed.
const SHOWN: usize = 6;

/// Why the class is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// No level looks like classes.
    NoClass,
    /// More than one may be the class, or what else a level says is not known.
    Several,
    /// A folder for a part lies beside one that is none.
    Mixed { part: String, other: String },
    /// Two folders mean one part.
    SamePart { first: String, second: String },
    /// Each fold has its own parts, so that patches repeat.
    FoldsOfParts { fold: String },
    /// A folder beside the classes holds the classes again.
    HoldsClasses(Holder),
}

/// One way to read a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What is written to choose it, such as `any/class`.
    pub layout: String,
    /// Classes with their numbers of images.
    pub classes: Vec<(String, usize)>,
    /// What becomes of the other levels, in words.
    pub others: String,
}

impl std::fmt::Display for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let classes = counted_classes(&self.classes);
        write!(f, "'--layout {}': {classes}{}", self.layout, self.others)
    }
}

/// A table beside the images, by which a folder may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableReading {
    /// The table.
    pub table: std::path::PathBuf,
    /// Its labels with their numbers of images.
    pub classes: Vec<(String, usize)>,
}

impl std::fmt::Display for TableReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let classes = counted_classes(&self.classes);
        write!(f, "'--data {}': {classes}", self.table.display())
    }
}

fn counted_classes(classes: &[(String, usize)]) -> String {
    let named = classes.iter();
    let named = named.map(|(name, count)| format!("{name} ({count})"));
    let named: Vec<String> = named.collect();
    let count = counted(named.len(), "class", "classes");
    format!("{count}: {}", listed(&named))
}

/// Says what the folder may be, and how to choose.
pub(super) fn refusal(tree: &Tree, trails: &BTreeMap<Trail, usize>, doubt: &Doubt) -> IngestError {
    let path = tree.root.path.clone();
    let folder = |name: &String| path.join(name).display().to_string();
    match doubt {
        Doubt::FoldsOfParts { fold } => IngestError::Ambiguous {
            fix: format!(
                "patches would be counted once a fold: name one of them with '--data {}'",
                folder(fold)
            ),
            found: "holds folds that each have parts of their own".into(),
            path,
        },
        Doubt::SamePart { first, second } => IngestError::Ambiguous {
            found: format!("holds '{first}' and '{second}', which mean the same part"),
            fix: "put them into one folder, or rename one to train, val or test".into(),
            path,
        },
        Doubt::Mixed { part, other } => mixed(path, part, other),
        Doubt::HoldsClasses(holder) => holds_classes(path, holder),
        Doubt::NoClass | Doubt::Several => IngestError::Readings {
            why: match doubt {
                Doubt::NoClass => "has no level of folders that looks like classes",
                _ => "can be read in more than one way",
            },
            readings: readings(trails),
            path,
        },
    }
}

fn holds_classes(path: std::path::PathBuf, holder: &Holder) -> IngestError {
    let Holder {
        folder,
        classes,
        layout,
    } = holder;
    let hidden = match folder.rsplit_once('/') {
        Some((above, name)) => format!("{above}/.{name}"),
        None => format!(".{folder}"),
    };
    IngestError::Ambiguous {
        found: format!(
            "holds '{folder}' beside its classes, which itself holds folders named as they are ({})",
            listed(classes)
        ),
        fix: format!(
            "to leave it out, move it away or rename it to '{hidden}', which is passed over; to use \
             its images, move them into the folders of the classes; if it is a class, say so with \
             '--layout {layout}'"
        ),
        path,
    }
}

fn mixed(path: std::path::PathBuf, part: &str, other: &str) -> IngestError {
    let renamed = eosin_core::choice::nearest(&other.to_lowercase(), ["train", "val", "test"])
        .map_or_else(String::new, |word| {
            format!(" or rename '{other}' to '{word}'")
        });
    IngestError::Ambiguous {
        path,
        found: format!("holds the split folder '{part}' beside '{other}'"),
        fix: format!(
            "if '{other}' is a class, put it under train, val or test{renamed}; if '{part}' is a \
             class too, say so with '--layout class'"
        ),
    }
}

/// Every way in which a level may be the class.
fn readings(trails: &BTreeMap<Trail, usize>) -> Vec<Reading> {
    let all: Vec<&Trail> = trails.keys().collect();
    let levels = levels(&all);
    let mut found = Vec::new();
    for at in 0..levels.len() {
        if levels[at].names.len() < 2 || levels[at].kind == Kind::Parts {
            continue;
        }
        let classes = classes(trails, at);
        let role = |level: &LevelNames| level.role().unwrap_or(Level::Any);
        let mut above: Vec<Level> = levels[..at].iter().map(role).collect();
        keep_one_of_each(&mut above);
        found.push(reading(&above, &levels, &classes));
        let unknown = |level: &LevelNames| level.role().is_none() && level.names.len() > 1;
        let grouped = above
            .iter()
            .any(|role| matches!(role, Level::Group | Level::Fold));
        if let Some(place) = levels[..at].iter().position(unknown).filter(|_| !grouped) {
            let mut kept = above.clone();
            kept[place] = Level::Group;
            found.push(reading(&kept, &levels, &classes));
        }
    }
    found.truncate(SHOWN);
    found
}

fn reading(above: &[Level], levels: &[LevelNames], classes: &BTreeMap<String, usize>) -> Reading {
    let layout = [above, &[Level::Class]].concat();
    let others = above.iter().zip(levels).map(|(role, level)| {
        let names: Vec<&str> = level.names.iter().map(String::as_str).collect();
        let names = listed(&names);
        match role {
            Level::Any | Level::Organ if level.names.len() > 1 => format!("; {names} not used"),
            Level::Any | Level::Organ => String::new(),
            Level::Part => format!("; {names} as parts"),
            Level::Fold => format!("; {names} as folds"),
            role => format!("; each of {names} kept together as a {role}"),
        }
    });
    Reading {
        layout: joined(&layout),
        classes: classes.iter().map(|(name, n)| (name.clone(), *n)).collect(),
        others: others.collect(),
    }
}

fn classes(trails: &BTreeMap<Trail, usize>, at: usize) -> BTreeMap<String, usize> {
    let mut classes = BTreeMap::new();
    for (trail, images) in trails {
        *classes.entry(trail[at].clone()).or_default() += images;
    }
    classes
}
