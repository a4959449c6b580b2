//! Why runs cannot be compared.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use eosin_train::Part;

use super::contestant::Contestant;

/// Refuses a run on other classes, patches or labels than the base's.
///
/// # Errors
/// What differs, and what to do.
pub(super) fn refuse_others(base: &Contestant, other: &Contestant) -> Result<()> {
    let (one, two) = (&base.name, &other.name);
    if base.task.classes != other.task.classes {
        bail!(
            "{one} tells apart {}, and {two} {}: runs of one task can be compared",
            base.task.classes.join(", "),
            other.task.classes.join(", ")
        );
    }
    if base.task.positive != other.task.positive {
        bail!(
            "the positive class is {} in {one} and {} in {two}: run one of them again with the other's \
             ('--set data.positive=')",
            base.task.classes[base.task.positive],
            other.task.classes[other.task.positive]
        );
    }
    refuse_other_patches(base, other, Part::OutOfFold)?;
    if !base.test.is_empty() && !other.test.is_empty() {
        refuse_other_patches(base, other, Part::TestAverage)?;
    }
    let same_repeats = base.out_of_fold.len() == other.out_of_fold.len()
        && base
            .out_of_fold
            .iter()
            .zip(&other.out_of_fold)
            .all(|(one, other)| one.are_of_the_same(other));
    let all_judge_all = base.is_complete() && other.is_complete();
    if !same_repeats && !all_judge_all {
        bail!(
            "{one} and {two} hold out other patches in their repeats: run both on the same folds \
             (the same seed and split)"
        );
    }
    Ok(())
}

fn refuse_other_patches(base: &Contestant, other: &Contestant, part: Part) -> Result<()> {
    let (one, two) = (base.labels(part), other.labels(part));
    let lacks = |of: &BTreeMap<&str, usize>, than: &BTreeMap<&str, usize>| {
        let lacking: Vec<String> = of
            .keys()
            .filter(|key| !than.contains_key(*key))
            .map(|key| (*key).to_owned())
            .collect();
        lacking
    };
    let mut differs = Vec::new();
    for (missing, by, from) in [
        (lacks(&one, &two), &base.name, &other.name),
        (lacks(&two, &one), &other.name, &base.name),
    ] {
        if let Some(first) = missing.first() {
            differs.push(format!(
                "{} patches of {by} are not in {from} (such as '{first}')",
                missing.len()
            ));
        }
    }
    let classes = &base.task.classes;
    let mut relabelled = one.iter().filter_map(|(key, class)| {
        let changed = two.get(key).filter(|changed| *changed != class)?;
        Some(format!(
            "'{key}' is {} in {} and {} in {}",
            classes[*class], base.name, classes[*changed], other.name
        ))
    });
    if let Some(first) = relabelled.next() {
        differs.push(format!(
            "{} patches have other labels ({first})",
            1 + relabelled.count()
        ));
    }
    if differs.is_empty() {
        return Ok(());
    }
    bail!(
        "{} and {} judge different patches ({part}): {}; compare runs on the same data",
        base.name,
        other.name,
        differs.join("; ")
    );
}
