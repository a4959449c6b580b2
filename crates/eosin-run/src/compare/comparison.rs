//! `eosin compare`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use eosin_core::Decision;
use eosin_metrics::{Bootstrap, Unit};
use eosin_train::{Part, SharedGroups};

use super::contestant::Contestant;
use super::differ::refuse_others;
use super::differences::{Pair, adjust};
use super::estimates::{Asked, estimates};
use super::record::{Comparison, PartComparison, RunDifference, RunEstimates};

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct CompareArgs {
    /// Folders of finished runs, the base first.
    pub runs: Vec<PathBuf>,
    /// The share of positive patches that predictive values are wanted for.
    pub prevalence: Option<f64>,
}

/// Compares runs with the first of them, out of fold and on labelled test patches: values and
/// differences with intervals, and tests that take patients (slides, groups) for independent where they
/// are known.
///
/// # Errors
/// When there are fewer than two, one is no finished run, they are on other classes, patches or labels
/// (which says what differs), or the prevalence is none.
pub fn compare(args: &CompareArgs) -> Result<Comparison> {
    args.prevalence.map_or(Ok(()), check_prevalence)?;
    let runs = args.runs.iter().map(|path| Contestant::open(path));
    let mut runs = runs.collect::<Result<Vec<Contestant>>>()?;
    name_apart(&mut runs, &args.runs);
    let [base, others @ ..] = runs.as_slice() else {
        bail!("name at least two runs to compare");
    };
    if others.is_empty() {
        bail!("name another run beside {} to compare it with", base.name);
    }
    for other in others {
        refuse_others(base, other)?;
    }
    let mut notes = notes(base, others);
    if args.prevalence.is_some() && base.task.classes.len() != 2 {
        notes.push(
            "predictive values at a prevalence are of two classes; there are more".to_owned(),
        );
    }
    let mut parts = Vec::new();
    for part in [Part::OutOfFold, Part::TestAverage] {
        if runs.iter().all(|run| !run.rows(part).is_empty()) {
            parts.push(compare_part(&runs, part, args.prevalence, &mut notes)?);
        }
    }
    Ok(Comparison {
        base: base.name.clone(),
        select: base.metrics.select,
        classes: base.task.classes.clone(),
        positive: base.task.classes[base.task.positive].clone(),
        runs: runs
            .iter()
            .map(|run| (run.name.clone(), run.dir.clone()))
            .collect::<BTreeMap<_, _>>(),
        parts,
        notes,
    })
}

/// Refuses what is no share of positive patches.
///
/// # Errors
/// When it is not between 0 and 1.
pub fn check_prevalence(share: f64) -> Result<()> {
    if share > 0.0 && share < 1.0 {
        return Ok(());
    }
    bail!(
        "'--prevalence {share}' is no share of positive patches: name one between 0 and 1, such as 0.05"
    )
}

/// Runs whose folders are called the same are called by their paths.
fn name_apart(runs: &mut [Contestant], paths: &[PathBuf]) {
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    for (run, path) in runs.iter_mut().zip(paths) {
        if names.iter().filter(|name| **name == run.name).count() > 1 {
            run.name = path.display().to_string();
        }
    }
}

/// What a reader must know.
fn notes(base: &Contestant, others: &[Contestant]) -> Vec<String> {
    let mut notes = Vec::new();
    for other in others {
        if !other.has_folds_of(base) {
            notes.push(format!(
                "{} was cross-validated on other folds than {}: patches are compared one by one, folds are \
                 not, and part of a difference may be the folds'",
                other.name, base.name
            ));
        }
        if other.patches_hash != base.patches_hash {
            notes.push(format!(
                "patches of {} have the keys and labels of those of {}, but not all the same pictures",
                other.name, base.name
            ));
        }
    }
    let all = || std::iter::once(base).chain(others);
    let moved: Vec<&str> = all()
        .filter(|run| run.task.decision != Decision::MostProbable)
        .map(|run| run.name.as_str())
        .collect();
    if !moved.is_empty() {
        notes.push(format!(
            "{} decide(s) at a threshold that was locked; patches that are right, and all metrics of classes, are \
             those of the likeliest class here",
            moved.join(", ")
        ));
    }
    let without: Vec<&str> = all()
        .filter(|run| run.test.is_empty())
        .map(|run| run.name.as_str())
        .collect();
    if without.len() == others.len() + 1 {
        notes.push(
            "no run has labelled test patches: they are compared out of fold only".to_owned(),
        );
    } else if !without.is_empty() {
        notes.push(format!(
            "{} has no labelled test patches, so these are not compared",
            without.join(", ")
        ));
    }
    notes
}

fn compare_part(
    runs: &[Contestant],
    part: Part,
    prevalence: Option<f64>,
    notes: &mut Vec<String>,
) -> Result<PartComparison> {
    let base = &runs[0];
    let shared = |run: &Contestant| SharedGroups::new(base.rows(part), &run.groups);
    let known = runs.iter().find(|run| shared(run).unit != Unit::Patch);
    let groups_of = known.unwrap_or(base);
    if groups_of.name != base.name {
        notes.push(format!(
            "{} knows of no patients, slides or groups ({part}): they are those that {} knows",
            base.name, groups_of.name
        ));
    }
    let shared = shared(groups_of);
    let asked = Asked {
        positive: base.task.positive,
        bootstrap: Bootstrap::new(base.seed),
        prevalence: prevalence.filter(|_| base.task.classes.len() == 2),
    };
    let of_run = |run: &Contestant| estimates(&run.name, run.rows(part), &shared, asked);
    let against = |other| {
        let pair = Pair {
            base,
            other,
            part,
            shared: &shared,
        };
        pair.difference(asked)
    };
    let mut differences = runs[1..]
        .iter()
        .map(against)
        .collect::<Result<Vec<RunDifference>>>()?;
    adjust(&mut differences);
    Ok(PartComparison {
        part,
        patches: base.labels(part).len(),
        by: shared.unit,
        groups: shared.count(),
        runs: runs
            .iter()
            .map(of_run)
            .collect::<Result<Vec<RunEstimates>>>()?,
        differences,
    })
}
