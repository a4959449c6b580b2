//! What levels of folders say beside the class, where a table is read that does not say it.

use eosin_core::Level;

use super::found::{Found, FoundPatch};
use super::levels::{Trail, levels, trails};
use super::tree::Tree;
use crate::listed::listed;

/// Says which folders look like patients, slides, groups or folds that the table does not tell.
pub(super) fn unused_levels(tree: &Tree, found: &Found) -> Vec<String> {
    let trails = trails(tree);
    let all: Vec<&Trail> = trails.keys().collect();
    let any = |known: fn(&FoundPatch) -> bool| found.patches.iter().any(known);
    let grouped =
        any(|patch| patch.patient.is_some() || patch.slide.is_some() || patch.group.is_some());
    let folded = any(|patch| patch.fold.is_some());
    let said = levels(&all).into_iter().filter_map(|level| {
        let role = level.role()?;
        let keeps = match role {
            Level::Patient | Level::Slide | Level::Group if !grouped => {
                "keeps patches of one on one side of a split"
            }
            Level::Fold if !folded => "makes them the folds of the run",
            _ => return None,
        };
        let names: Vec<&String> = level.names.iter().collect();
        (names.len() > 1).then(|| {
            format!(
                "the folders ({}) look like a {role} each and are not used; a column '{role}' in the \
                 table {keeps}",
                listed(&names)
            )
        })
    });
    said.collect()
}
