//! Parts of whole groups that each hold every class.
//!
//! Which groups hold the same classes is all that matters, so the search goes over kinds of groups:
//! a part takes groups until it has every class, then the next. What could not be finished is
//! remembered, and a class with fewer groups left than parts ends a branch.

use std::collections::{BTreeMap, HashSet};

use eosin_core::Rng;
use rand::seq::SliceRandom as _;

use super::groups::Groups;

/// Steps after which the search gives up.
const MOST_STEPS: usize = 400_000;
/// Most classes whose sets have a form that is searched.
const MOST_CLASSES: usize = 128;

/// What a search for parts that each hold every class comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// For each part groups that hold every class; those that are in none may go anywhere.
    Found(Vec<Vec<usize>>),
    /// There is no such division.
    Impossible,
    /// None was found within the steps that are spent.
    Unknown,
}

/// Groups that hold the same classes.
struct Kind {
    classes: u128,
    left: usize,
    members: Vec<usize>,
}

struct Search {
    kinds: Vec<Kind>,
    all: u128,
    steps: usize,
    /// What was left where it could not be finished, with the number of parts to go.
    failed: HashSet<(Vec<usize>, usize)>,
    /// The kinds taken for each part.
    taken: Vec<Vec<usize>>,
}

/// Searches for `parts` parts of whole groups that each hold every class that any group holds.
pub(super) fn find(groups: &Groups, parts: usize, rng: &mut Rng) -> Cover {
    if groups.totals.len() > MOST_CLASSES {
        return Cover::Unknown;
    }
    let mut by_classes: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    for (group, counts) in groups.counts.iter().enumerate() {
        by_classes
            .entry(classes_of(counts))
            .or_default()
            .push(group);
    }
    let kinds = by_classes.into_iter().map(|(classes, mut members)| {
        members.shuffle(rng);
        let left = members.len();
        Kind {
            classes,
            left,
            members,
        }
    });
    let mut search = Search {
        kinds: kinds.collect(),
        all: classes_of(&groups.totals),
        steps: 0,
        failed: HashSet::new(),
        taken: Vec::new(),
    };
    match search.parts(parts) {
        Some(true) => Cover::Found(search.groups()),
        Some(false) => Cover::Impossible,
        None => Cover::Unknown,
    }
}

fn classes_of(counts: &[usize]) -> u128 {
    let present = counts.iter().enumerate().filter(|(_, n)| **n > 0);
    present.fold(0, |classes, (class, _)| classes | 1 << class)
}

impl Search {
    /// Fills the parts to go; `None` when the steps are spent.
    fn parts(&mut self, to_go: usize) -> Option<bool> {
        if to_go == 0 {
            return Some(true);
        }
        let state = (self.kinds.iter().map(|kind| kind.left).collect(), to_go);
        if self.failed.contains(&state) {
            return Some(false);
        }
        self.taken.push(Vec::new());
        if self.fill(self.all, to_go)? {
            return Some(true);
        }
        self.taken.pop();
        self.failed.insert(state);
        Some(false)
    }

    /// Takes groups for the last part until it has the classes that it `lacks`, then goes on.
    fn fill(&mut self, lacks: u128, to_go: usize) -> Option<bool> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return None;
        }
        if lacks == 0 {
            return self.parts(to_go - 1);
        }
        let Some(rarest) = self.rarest(lacks, to_go) else {
            return Some(false);
        };
        let mut choices: Vec<usize> = (0..self.kinds.len())
            .filter(|&kind| self.kinds[kind].left > 0 && self.kinds[kind].classes & rarest != 0)
            .collect();
        // Those that spend the fewest classes that the part has already.
        choices.sort_by_key(|&kind| {
            let classes = self.kinds[kind].classes;
            (
                (classes & !lacks).count_ones(),
                u32::MAX - classes.count_ones(),
            )
        });
        for kind in choices {
            self.kinds[kind].left -= 1;
            self.taken.last_mut()?.push(kind);
            if self.fill(lacks & !self.kinds[kind].classes, to_go)? {
                return Some(true);
            }
            self.taken.last_mut()?.pop();
            self.kinds[kind].left += 1;
        }
        Some(false)
    }

    /// The class among `lacks` that fewest groups left hold; `None` when a class has too few groups
    /// for the parts to go.
    fn rarest(&self, lacks: u128, to_go: usize) -> Option<u128> {
        let classes = (0..MOST_CLASSES).map(|class| 1_u128 << class);
        let classes = classes.filter(|class| self.all & class != 0);
        let mut rarest: Option<(usize, u128)> = None;
        for class in classes {
            let with = self.kinds.iter().filter(|kind| kind.classes & class != 0);
            let left: usize = with.map(|kind| kind.left).sum();
            let is_lacking = lacks & class != 0;
            if left + usize::from(!is_lacking) < to_go {
                return None;
            }
            if is_lacking && rarest.is_none_or(|(least, _)| left < least) {
                rarest = Some((left, class));
            }
        }
        rarest.map(|(_, class)| class)
    }

    /// The groups of the kinds that were taken.
    fn groups(&mut self) -> Vec<Vec<usize>> {
        let taken = std::mem::take(&mut self.taken);
        let kinds = &mut self.kinds;
        let mut group = |kind: usize| kinds[kind].members.pop();
        taken
            .into_iter()
            .map(|part| part.into_iter().filter_map(&mut group).collect())
            .collect()
    }
}

/// Why no division into `parts` has every class in every part, and the most parts that one was found
/// for.
pub(super) fn why_not(groups: &Groups, parts: usize, rng: &mut Rng) -> NoDivision {
    let with = |class: usize| {
        let counts = groups.counts.iter();
        counts.filter(|counts| counts[class] > 0).count()
    };
    let classes = (0..groups.totals.len()).filter(|class| groups.totals[*class] > 0);
    let scarcest = classes.map(|class| (with(class), class)).min();
    let proof = match scarcest {
        Some((n, class)) if n < parts => Proof::Counted { class, n },
        _ if find(groups, parts, rng) == Cover::Impossible => Proof::Searched,
        _ => Proof::Unknown { steps: MOST_STEPS },
    };
    NoDivision {
        proof,
        most: most_parts(groups, parts, rng),
    }
}

/// Why a division was not made.
pub(super) struct NoDivision {
    pub proof: Proof,
    /// The most parts for which there is one.
    pub most: Option<usize>,
}

/// What shows that no division has every class in every part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A class is in fewer groups than there are parts.
    Counted {
        /// The class's index.
        class: usize,
        /// Groups that have it.
        n: usize,
    },
    /// All divisions were looked at.
    Searched,
    /// Nothing: the search gave up.
    Unknown {
        /// Steps that it took.
        steps: usize,
    },
}

/// The most parts below `parts`, two at least, for which a division is found.
fn most_parts(groups: &Groups, parts: usize, rng: &mut Rng) -> Option<usize> {
    let found = |parts: &usize| matches!(find(groups, *parts, rng), Cover::Found(_));
    (2..parts).rev().find(found)
}

#[cfg(test)]
mod tests {
    use eosin_core::{Seed, Stream};
    use proptest::prelude::*;

    use super::*;

    fn groups(counts: &[Vec<usize>]) -> Groups {
        let mut names = Vec::new();
        let mut classes = Vec::new();
        for (group, counts) in counts.iter().enumerate() {
            for (class, n) in counts.iter().enumerate() {
                for _ in 0..*n {
                    names.push(format!("{group:03}"));
                    classes.push(class);
                }
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Groups::new(&names, &classes, counts[0].len())
    }

    fn search(groups: &Groups, parts: usize) -> Cover {
        find(groups, parts, &mut Seed(1).stream(Stream::Split, &[0]))
    }

    /// Whether any of all assignments has every class in every part.
    fn by_trying_all(groups: &Groups, parts: usize) -> bool {
        let n = groups.counts.len();
        (0..parts.pow(u32::try_from(n).unwrap())).any(|code| {
            let mut has = vec![vec![false; groups.totals.len()]; parts];
            let mut rest = code;
            for counts in &groups.counts {
                for (class, n) in counts.iter().enumerate() {
                    has[rest % parts][class] |= *n > 0;
                }
                rest /= parts;
            }
            has.iter().flatten().all(|has| *has)
        })
    }

    proptest! {
        #[test]
        fn a_division_is_found_exactly_when_there_is_one(
            sets in prop::collection::vec(1_usize..8, 2..8),
            parts in 2_usize..4,
        ) {
            let counts: Vec<Vec<usize>> = sets
                .iter()
                .map(|set| (0..3).map(|class| set >> class & 1).collect())
                .collect();
            let groups = groups(&counts);
            // A class that no group holds is asked of no part.
            let asked = groups.totals.iter().all(|total| *total > 0);
            prop_assume!(asked);
            match search(&groups, parts) {
                Cover::Found(found) => {
                    let mut seen = HashSet::new();
                    for part in &found {
                        prop_assert!(part.iter().all(|group| seen.insert(*group)));
                        let held = |class: usize| part.iter().any(|&g| groups.counts[g][class] > 0);
                        prop_assert!((0..3).all(held));
                    }
                    prop_assert_eq!(found.len(), parts);
                }
                Cover::Impossible => prop_assert!(!by_trying_all(&groups, parts)),
                Cover::Unknown => prop_assert!(false, "so few groups are searched through"),
            }
        }
    }

    #[test]
    fn many_groups_are_no_hindrance() {
        let counts: Vec<Vec<usize>> = (0..500)
            .map(|group| {
                (0..4)
                    .map(|class| usize::from(group % 4 == class))
                    .collect()
            })
            .collect();
        assert!(matches!(search(&groups(&counts), 100), Cover::Found(_)));
        assert_eq!(search(&groups(&counts), 126), Cover::Impossible);
    }
}
