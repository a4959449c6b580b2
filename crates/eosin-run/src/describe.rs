//! What was found, in words, before anything is trained.

use std::collections::BTreeSet;

use eosin_data::{Manifest, Patch};

/// Classes that are listed by name.
const SHOWN: usize = 24;

/// Classes with their counts, parts and groups, a line each.
pub(crate) fn describe(manifest: &Manifest) -> Vec<String> {
    let counts = manifest.class_counts();
    let named = manifest.classes.iter().zip(&counts);
    let mut classes: Vec<String> = named.map(|(class, n)| format!("{class} {n}")).collect();
    if classes.len() > SHOWN {
        let more = classes.len() - SHOWN;
        classes.truncate(SHOWN);
        classes.push(format!("and {more} more"));
    }
    let mut lines = vec![format!(
        "  classes  {} ({} patches, layout {})",
        classes.join(", "),
        manifest.patches.len(),
        manifest.layout
    )];
    lines.extend(parts(manifest));
    lines.push(groups(manifest));
    lines
}

fn parts(manifest: &Manifest) -> Option<String> {
    let parts = manifest.split_counts();
    let named = parts.iter().map(|part| {
        let name = part.split.map_or("no part", |split| split.as_str());
        format!("{name} {}", part.total())
    });
    let given = parts.iter().any(|part| part.split.is_some());
    given.then(|| format!("    parts  {}", named.collect::<Vec<_>>().join(", ")))
}

fn groups(manifest: &Manifest) -> String {
    let distinct = |name: &str, read: fn(&Patch) -> Option<&str>| {
        let names: BTreeSet<&str> = manifest.patches.iter().filter_map(read).collect();
        (!names.is_empty()).then(|| format!("{} {name}", names.len()))
    };
    let known = [
        distinct("patients", |patch| patch.patient.as_deref()),
        distinct("slides", |patch| patch.slide.as_deref()),
        distinct("groups", |patch| patch.group.as_deref()),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() {
        return "   groups  none known: patches are taken as independent".to_owned();
    }
    format!("   groups  {}", known.join(", "))
}
