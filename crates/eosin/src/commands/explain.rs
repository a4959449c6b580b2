//! `eosin explain`: where in images a model's logits come from.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_data::{ImagesFound, InspectOptions, Manifest, NoLedger, Patches, find_images, inspect};
use eosin_run::{
    Asked, ExplainArgs as Explain, ExplainOut, Explanation, Overwrite, open_explainers,
};
use eosin_store::{RunFolder, RunRecord};
use eosin_train::decode_limits;

use crate::args::ExplainArgs;
use crate::commands::predict::which_folds;
use crate::output::{note, say, say_json, say_table};
use crate::progress::Progress;
use crate::terminal::list_all;

/// Images that the table shows.
const SHOWN: usize = 24;

/// Explains images and writes pictures, maps and a list.
///
/// # Errors
/// When the run or an image cannot be used, or the folder not be written.
pub fn run(args: &ExplainArgs, json: bool) -> Result<ExitCode> {
    let out = ExplainOut::new(&args.out, Overwrite::of_flag(args.overwrite))?;
    let record: RunRecord = RunFolder::open(&args.run)?.record()?;
    let asked = Asked::of(&args.run, &record, args.class.as_deref())?;
    let runs = open_explainers(
        &args.run,
        Explain {
            way: args.way,
            folds: which_folds(args.fold.as_deref(), &record)?,
        },
    )?;
    let ImagesFound { manifest, .. } = find_images(&args.images)?;
    for text in &manifest.notes {
        note(&format!("note: {text}"));
    }
    let patches = look(&manifest, record.max_side_px)?;
    let keys = patches.manifest().patches.iter();
    let out = out.for_keys(keys.map(|patch| patch.key.as_str()));
    let all = patches.manifest().patches.len();
    let mut progress = Progress::new("explain", "images");
    let mut explained = Vec::new();
    for place in 0..all {
        for run in &runs {
            explained.push(run.explain(&patches, place, &asked, &out)?);
        }
        progress.update(place + 1, all, "");
    }
    progress.finish(&format!("{all} images"));
    let list = out.finish(&explained)?;
    if json {
        say_json(&serde_json::json!({ "images": explained }))?;
        return Ok(ExitCode::SUCCESS);
    }
    show(&explained);
    say(&format!("written to {}", list.display()));
    Ok(ExitCode::SUCCESS)
}

fn show(explained: &[Explanation]) {
    let row = |one: &Explanation| {
        let key = match &one.member {
            Some(member) => format!("{} ({member})", one.key),
            None => one.key.clone(),
        };
        vec![
            key,
            one.class.clone(),
            format!("{:.4}", one.prob),
            format!("{:+.3}", one.evidence),
            one.way.to_string(),
        ]
    };
    let header = ["image", "class", "probability", "evidence", "way"];
    let shown = explained.iter().take(SHOWN);
    say_table(&header, shown.map(row).collect());
    if explained.len() > SHOWN {
        say(&format!("and {} more", explained.len() - SHOWN));
    }
}

/// Reads every image and lists all that cannot be used at once.
fn look(manifest: &Manifest, max_side_px: usize) -> Result<Patches> {
    let options = InspectOptions {
        decode: true,
        limits: decode_limits(max_side_px),
        sizes_may_differ: true,
    };
    let mut found = inspect(manifest, &options, &NoLedger, &|_, _| ());
    let problems = &mut found.inspection.problems;
    problems.retain(|problem| problem.kind.is_bad());
    if !problems.is_empty() {
        list_all(problems);
        bail!(
            "{} of {} images cannot be used (listed above)",
            problems.len(),
            manifest.patches.len()
        );
    }
    Ok(Patches::new(manifest, found.contents, &BTreeSet::new()))
}
