//! Folders beside those of the classes that hold the same classes again, such as `augmented`.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::Level;
use eosin_core::layout::joined;

use super::levels::{Kind, LevelNames, Trail, keep_one_of_each, levels};
use super::likeness;

/// A folder among those of the classes that holds folders named as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// Its path below the data folder.
    pub folder: String,
    /// The classes that it holds.
    pub classes: Vec<String>,
    /// The layout by which it is a class all the same.
    pub layout: String,
}

/// The first such folder, at the level of the class or, where that is not known, of known words.
pub(super) fn holder_of_classes(all: &[&Trail], class: Option<usize>) -> Option<Holder> {
    let levels = levels(all);
    let is_asked = |at: &usize| match class {
        Some(class) => *at == class,
        None => levels[*at].kind == Kind::ClassWords,
    };
    let mut asked = (0..levels.len()).filter(is_asked);
    asked.find_map(|at| holder_at(all, &levels, at))
}

fn holder_at(all: &[&Trail], levels: &[LevelNames], at: usize) -> Option<Holder> {
    let names: BTreeSet<String> = levels[at].names.iter().map(|name| likeness(name)).collect();
    let mut held: BTreeMap<&[String], BTreeSet<&String>> = BTreeMap::new();
    for trail in all {
        let own = likeness(&trail[at]);
        let is_other = |name: &&String| {
            let name = likeness(name);
            name != own && names.contains(&name)
        };
        let others = trail[at + 1..].iter().filter(is_other);
        held.entry(&trail[..=at]).or_default().extend(others);
    }
    // Where all of them do, they are two levels of the same names.
    let holds_none = held.values().any(BTreeSet::is_empty);
    let (folder, classes) = held.into_iter().find(|(_, held)| !held.is_empty())?;
    let role = |level: &LevelNames| level.role().unwrap_or(Level::Any);
    let mut roles: Vec<Level> = levels[..at].iter().map(role).collect();
    keep_one_of_each(&mut roles);
    roles.push(Level::Class);
    holds_none.then(|| Holder {
        folder: folder.join("/"),
        classes: classes.into_iter().cloned().collect(),
        layout: joined(&roles),
    })
}
