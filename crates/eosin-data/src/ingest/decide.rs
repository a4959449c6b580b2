//! Which level of folders is the class: known from evidence, or asked for.

use std::collections::BTreeMap;

use eosin_core::layout::joined;
use eosin_core::{FolderLayout, Level};

use super::IngestError;
use super::folder::key_of;
use super::folders::loose;
use super::identify::BreakHis;
use super::levels::{Kind, LevelNames, Trail, keep_one_of_each, levels, trails};
use super::nested::holder_of_classes;
use super::readings::{Doubt, refusal};
use super::tree::Tree;
use super::words::{is_about_files, is_class_like, part_named};
use crate::listed::listed;

/// A layout that is known, and what should be said about it.
#[derive(Debug)]
pub(super) struct Decided {
    pub layout: FolderLayout,
    pub notes: Vec<String>,
    /// Whether the words of the classes are known, so that they can hardly be anything else.
    pub by_words: bool,
}

/// Finds the layout of a folder with images.
pub(super) fn decide(tree: &Tree) -> Result<Decided, IngestError> {
    let trails = trails(tree);
    if let Some(decided) = breakhis(tree, &trails) {
        return Ok(decided);
    }
    let all: Vec<&Trail> = trails.keys().collect();
    let deepest = all.iter().map(|trail| trail.len()).max().unwrap_or(0);
    let decided = decide_levels(&all);
    let class = decided.as_ref().ok().map(|read| read.class);
    if let Some(folder) = holder_of_classes(&all, class) {
        return Err(refusal(tree, &trails, &Doubt::HoldsClasses(folder)));
    }
    let doubt = match decided {
        Ok(found) if !hides_classes(&found, &all) => return Ok(found.decided()),
        Ok(_) => Doubt::Several,
        Err(doubt) => doubt,
    };
    for shallow in 0..deepest {
        let deep: Vec<&Trail> = all
            .iter()
            .copied()
            .filter(|trail| trail.len() > shallow)
            .collect();
        if deep.len() < all.len() && decide_levels(&deep).is_ok() {
            return Err(loose_above(tree, shallow));
        }
    }
    Err(refusal(tree, &trails, &doubt))
}

/// Images in folders that lie above those of the classes.
fn loose_above(tree: &Tree, deepest: usize) -> IngestError {
    let mut found = None;
    tree.root.each(0, &mut |folder, depth| {
        if depth <= deepest && !folder.images.is_empty() && found.is_none() {
            found = Some(loose(&folder.path, &folder.images));
        }
    });
    found.unwrap_or_else(|| IngestError::NoLayout(tree.root.path.clone()))
}

/// What each level says, and why.
struct Read {
    levels: Vec<LevelNames>,
    roles: Vec<Level>,
    class: usize,
}

/// Where levels below a class of unknown words hold what may be the classes instead.
fn hides_classes(read: &Read, all: &[&Trail]) -> bool {
    if read.levels[read.class].kind == Kind::ClassWords {
        return false;
    }
    let depth = read.levels.len();
    let deeper: Vec<Trail> = all
        .iter()
        .filter(|trail| trail.len() > depth)
        .map(|trail| trail[depth..].to_vec())
        .collect();
    let deeper: Vec<&Trail> = deeper.iter().collect();
    let telling = |level: &LevelNames| {
        matches!(
            level.kind,
            Kind::ClassWords | Kind::Parts | Kind::SomeParts | Kind::SmallNumbers
        )
    };
    levels(&deeper).iter().any(telling)
}

fn decide_levels(all: &[&Trail]) -> Result<Read, Doubt> {
    let levels = levels(all);
    refuse_parts(&levels)?;
    let class = class_level(&levels)?;
    if levels[class].names.iter().all(|name| is_about_files(name)) {
        return Err(Doubt::NoClass);
    }
    let mut roles = Vec::new();
    for (at, level) in levels.iter().enumerate() {
        roles.push(if at == class {
            Level::Class
        } else {
            role(level, at < class)?
        });
    }
    keep_one_of_each(&mut roles);
    Ok(Read {
        levels,
        roles,
        class,
    })
}

fn refuse_parts(levels: &[LevelNames]) -> Result<(), Doubt> {
    let of_kind = |kind| levels.iter().find(|level| level.kind == kind);
    if let (Some(folds), Some(_)) = (of_kind(Kind::Folds), of_kind(Kind::Parts)) {
        let fold = folds.names.first().cloned().unwrap_or_default();
        return Err(Doubt::FoldsOfParts { fold });
    }
    if let Some(first) = levels.first().filter(|level| level.kind == Kind::SomeParts) {
        let (parts, others): (Vec<&String>, Vec<&String>) = first
            .names
            .iter()
            .partition(|name| part_named(name).is_some());
        return Err(Doubt::Mixed {
            part: parts[0].clone(),
            other: others[0].clone(),
        });
    }
    if levels
        .iter()
        .skip(1)
        .any(|level| level.kind == Kind::SomeParts)
    {
        return Err(Doubt::Several);
    }
    for level in levels.iter().filter(|level| level.kind == Kind::Parts) {
        let mut seen = BTreeMap::new();
        for name in &level.names {
            if let Some(first) = seen.insert(part_named(name), name) {
                let (first, second) = (first.clone(), name.clone());
                return Err(Doubt::SamePart { first, second });
            }
        }
    }
    Ok(())
}

/// The level that is the class.
fn class_level(levels: &[LevelNames]) -> Result<usize, Doubt> {
    let of = |kinds: &[Kind]| -> Vec<usize> {
        let is_one = |at: &usize| kinds.contains(&levels[*at].kind);
        (0..levels.len()).filter(is_one).collect()
    };
    let mut strong = of(&[Kind::ClassWords]);
    if strong.len() > 1 {
        // A single name around others is what the set is about.
        strong.retain(|at| levels[*at].names.len() > 1);
    }
    match strong.as_slice() {
        [one] => return Ok(*one),
        [_, ..] => return Err(Doubt::Several),
        [] => {}
    }
    let weak = of(&[Kind::SmallNumbers, Kind::Words]);
    let ids = of(&[
        Kind::Patients,
        Kind::Slides,
        Kind::Identifiers,
        Kind::Numbered,
    ]);
    match weak.as_slice() {
        [one] => {
            let below = ids.iter().any(|id| id < one);
            if below && !tells_classes(&levels[*one]) {
                return Err(Doubt::Several);
            }
            let organs = !of(&[Kind::Organs]).is_empty();
            if organs && levels[*one].kind != Kind::SmallNumbers {
                return Err(Doubt::Several);
            }
            Ok(*one)
        }
        [_, ..] => Err(Doubt::Several),
        [] => match of(&[Kind::Organs]).as_slice() {
            [one] => Ok(*one),
            [_, ..] => Err(Doubt::Several),
            [] => {
                // One class alone will be refused by its name.
                let single = of(&[Kind::Single]).pop().filter(|_| ids.is_empty());
                single.ok_or(Doubt::NoClass)
            }
        },
    }
}

/// Whether names below patients or slides are those of classes, not of more of these.
fn tells_classes(level: &LevelNames) -> bool {
    let binary = level.names.iter().all(|name| name == "0" || name == "1");
    let numbers = level.kind == Kind::SmallNumbers;
    level.repeats && level.names.len() > 1 && (!numbers || binary)
}

/// What a level beside the class says.
fn role(level: &LevelNames, is_above: bool) -> Result<Level, Doubt> {
    let says_nothing = matches!(level.kind, Kind::Single | Kind::Magnifications);
    match level.role() {
        Some(role) => Ok(role),
        // What is not known above the class may be parts or patients.
        None if is_above && !says_nothing && level.names.len() > 1 => Err(Doubt::Several),
        None => Ok(Level::Any),
    }
}

impl Read {
    fn decided(mut self) -> Decided {
        let notes = self.notes();
        while self.roles.last() == Some(&Level::Any) {
            self.roles.pop();
        }
        let layout = FolderLayout::new(&self.roles).unwrap_or(FolderLayout::CLASS);
        let class = &self.levels[self.class];
        Decided {
            layout,
            notes,
            by_words: class.kind == Kind::ClassWords && class.names.len() > 1,
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (at, (level, role)) in self.levels.iter().zip(&self.roles).enumerate() {
            let names: Vec<&str> = level.names.iter().map(String::as_str).collect();
            let names = listed(&names);
            match (role, level.kind) {
                (Level::Any, Kind::Magnifications) => notes.push(format!(
                    "patches of {} magnifications ({names}) are read together",
                    level.names.len()
                )),
                (Level::Any, Kind::Single) => {}
                (Level::Any, _) if level.names.len() > 1 => {
                    let with = self.with(at, Level::Group);
                    let classes = self.with(self.class, Level::Any);
                    let mut classes: Vec<Level> = classes[..=at].to_vec();
                    classes[at] = Level::Class;
                    notes.push(format!(
                        "sub-folders of the classes ({names}) are not used; '--layout {}' keeps \
                         those of one name on one side of a split, '--layout {}' takes them for \
                         the classes",
                        joined(&with),
                        joined(&classes)
                    ));
                }
                _ => {}
            }
        }
        notes
    }

    fn with(&self, at: usize, role: Level) -> Vec<Level> {
        let mut roles = self.roles.clone();
        roles[at] = role;
        roles
    }
}

/// `BreakHis`: benign and malignant, whatever lies between; patients from names.
fn breakhis(tree: &Tree, trails: &BTreeMap<Trail, usize>) -> Option<Decided> {
    let images = tree.root.all_images();
    let stem = |path: &std::path::Path| path.file_stem().map(super::folder::text_of);
    let named = |path: &std::path::PathBuf| {
        let name = BreakHis::parse(&stem(path)?)?;
        let trail = key_of(&tree.root.path, path.parent()?);
        let at = trail
            .split('/')
            .position(|folder| folder.eq_ignore_ascii_case(name.class))?;
        Some(at)
    };
    let mut depths = images.iter().map(named);
    let at = depths.next()??;
    if depths.any(|depth| depth != Some(at)) {
        return None;
    }
    let mut roles = vec![Level::Any; at];
    roles.push(Level::Class);
    let first = trails.keys().next()?;
    if first.first().is_some_and(|name| part_named(name).is_some()) && at > 0 {
        roles[0] = Level::Part;
    }
    let all: Vec<&Trail> = trails.keys().collect();
    let subtypes = levels(&all).into_iter().skip(at + 1);
    let subtypes = subtypes.filter(|level| level.names.iter().any(|name| is_class_like(name)));
    let notes = subtypes
        .filter(|level| level.kind == Kind::ClassWords && level.names.len() > 2)
        .map(|level| format!("{} kinds of tumours are not told apart", level.names.len()))
        .collect();
    Some(Decided {
        layout: FolderLayout::new(&roles).ok()?,
        notes,
        by_words: true,
    })
}
