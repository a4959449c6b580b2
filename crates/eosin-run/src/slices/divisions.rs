//! Which slice each patch is in.

use std::collections::BTreeSet;

use eosin_data::{Patch, Patches};

use super::record::{NotDivided, SliceKind};
use super::sources::sources;
use super::stains::stains;

/// Sizes that have a slice each; more are divided into quarters of the patches.
const MOST_SIZES: usize = 6;
/// Slices that many sizes are divided into.
const SIZE_PARTS: usize = 4;

/// What patches are divided by.
pub(super) struct Division {
    pub kind: SliceKind,
    /// Where that is said.
    pub told_by: String,
    /// The slice of each patch of the manifest, where it is known.
    pub names: Vec<Option<String>>,
}

/// All divisions of a set, and what it cannot be divided by.
pub(super) struct Divisions {
    pub found: Vec<Division>,
    pub not: Vec<NotDivided>,
}

impl Divisions {
    /// Of patches.
    pub(super) fn of(patches: &Patches) -> Self {
        let mut this = Self {
            found: Vec::new(),
            not: Vec::new(),
        };
        for kind in SliceKind::ALL {
            this.add(*kind, division(*kind, patches));
        }
        this
    }

    fn add(&mut self, kind: SliceKind, divided: Result<Division, String>) {
        let useful = divided.and_then(|division| {
            refuse_useless(&division.names, kind)?;
            Ok(division)
        });
        match useful {
            Ok(division) => self.found.push(division),
            Err(why) => self.not.push(NotDivided { kind, why }),
        }
    }
}

fn division(kind: SliceKind, patches: &Patches) -> Result<Division, String> {
    let manifest = patches.manifest();
    let known = |of: &dyn Fn(&Patch) -> Option<String>| {
        Ok(Division {
            kind,
            told_by: kind.as_str().to_owned(),
            names: manifest.patches.iter().map(of).collect(),
        })
    };
    match kind {
        SliceKind::Patient => known(&|patch| patch.patient.clone()),
        SliceKind::Slide => known(&|patch| patch.slide.clone()),
        SliceKind::Group => known(&|patch| patch.group.clone()),
        SliceKind::Class => known(&|patch| manifest.classes.get(patch.class?).cloned()),
        SliceKind::Size => Ok(sizes(patches)),
        SliceKind::Stain => stains(patches),
        SliceKind::Source => sources(patches),
    }
}

/// Says why a division divides nothing.
fn refuse_useless(names: &[Option<String>], kind: SliceKind) -> Result<(), String> {
    let known: Vec<&String> = names.iter().flatten().collect();
    let distinct: BTreeSet<&String> = known.iter().copied().collect();
    match distinct.first() {
        None => Err(format!("no {kind} is known of any patch")),
        Some(only) if distinct.len() == 1 => Err(format!("all patches are of one {kind}: {only}")),
        Some(_) if distinct.len() == known.len() => Err(format!(
            "each {kind} has one patch, of which nothing can be told"
        )),
        Some(_) => Ok(()),
    }
}

/// Patches by their stored size.
fn sizes(patches: &Patches) -> Division {
    let sides: Vec<[usize; 2]> = (0..patches.manifest().patches.len())
        .map(|place| {
            let header = patches.facts(place).header;
            [header.width_px, header.height_px]
        })
        .collect();
    let distinct: BTreeSet<[usize; 2]> = sides.iter().copied().collect();
    let names: Vec<Option<String>> = if distinct.len() <= MOST_SIZES {
        let name = |[width, height]: &[usize; 2]| Some(format!("{width}x{height} px"));
        sides.iter().map(name).collect()
    } else {
        quarters(&sides)
    };
    Division {
        kind: SliceKind::Size,
        told_by: "width and height of the stored patch".to_owned(),
        names,
    }
}

/// By the side of a square of the same area, so many patches in each part as can be without tearing equal
/// sides apart.
fn quarters(sides: &[[usize; 2]]) -> Vec<Option<String>> {
    let side = |[width, height]: &[usize; 2]| (width * height).isqrt();
    let mut sorted: Vec<usize> = sides.iter().map(side).collect();
    sorted.sort_unstable();
    let bound = |part: usize| sorted[(part * sorted.len() / SIZE_PARTS).min(sorted.len() - 1)];
    let mut bounds: Vec<usize> = (1..SIZE_PARTS).map(bound).collect();
    bounds.dedup();
    let name = |sides: &[usize; 2]| {
        let own = side(sides);
        let part = bounds.partition_point(|bound| *bound <= own);
        let within = |other: &&usize| bounds.partition_point(|bound| bound <= *other) == part;
        let mut of_part = sorted.iter().filter(within);
        let least = of_part.next()?;
        let most = of_part.next_back().unwrap_or(least);
        Some(format!("{least} to {most} px on a side"))
    };
    sides.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_sizes_are_quarters_and_none_is_torn_apart() {
        let sides: Vec<[usize; 2]> = (0..40).map(|at| [100 + at / 2, 100 + at / 2]).collect();
        let names = quarters(&sides);
        let distinct: BTreeSet<&Option<String>> = names.iter().collect();
        assert_eq!(distinct.len(), 4);
        for pair in names.chunks(2) {
            assert_eq!(pair[0], pair[1]);
        }
        assert_eq!(names[0].as_deref(), Some("100 to 104 px on a side"));
    }

    #[test]
    fn what_divides_nothing_says_why() {
        let names = |all: &[&str]| all.iter().map(|name| Some((*name).to_owned())).collect();
        let why = |names: Vec<Option<String>>| refuse_useless(&names, SliceKind::Slide).err();
        assert_eq!(why(names(&["a", "b", "a"])), None);
        assert_eq!(
            why(names(&["a", "a"])).as_deref(),
            Some("all patches are of one slide: a")
        );
        assert!(why(names(&["a", "b"])).is_some_and(|why| why.contains("one patch")));
        assert!(why(vec![None]).is_some_and(|why| why.contains("no slide is known")));
    }
}
