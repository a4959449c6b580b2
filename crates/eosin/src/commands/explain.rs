//! `eosin explain`: where in images a model's logits come from.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_data::{ImagesFound, InspectOptions, Manifest, NoLedger, Patches, find_images, inspect};
use eosin_run::{
    Asked, ExplainArgs as Explain, ExplainOut, ExplainedRun, Explanation, NearestAsked, NearestOf,
    Overwrite, open_explainers, with_nearest,
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
    if args.nearest == Some(0) {
        bail!("--nearest 0 shows nothing; name a number above 0, or leave it out");
    }
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
    let work = Work {
        runs: &runs,
        patches: &patches,
        asked: &asked,
        out: &out,
    };
    let explained = match args.nearest {
        None => work.explain_all(None)?,
        // Before any map is made: where there are no neighbours that is said at once.
        Some(count) => with_nearest(&args.run, |found| {
            say_few(found.len(), count);
            work.explain_all(Some(Neighbours { found, count }))
        })?,
    };
    let list = out.finish(&explained)?;
    if json {
        say_json(&serde_json::json!({ "images": explained }))?;
        return Ok(ExitCode::SUCCESS);
    }
    show(&explained);
    say(&format!("written to {}", list.display()));
    Ok(ExitCode::SUCCESS)
}

/// What is to be explained.
struct Work<'a> {
    runs: &'a [ExplainedRun],
    patches: &'a Patches,
    asked: &'a Asked,
    out: &'a ExplainOut,
}

/// Training patches, of which so many nearest ones are wanted.
#[derive(Clone, Copy)]
struct Neighbours<'a> {
    found: &'a NearestOf<'a>,
    count: usize,
}

impl Work<'_> {
    fn explain_all(&self, neighbours: Option<Neighbours<'_>>) -> Result<Vec<Explanation>> {
        let all = self.patches.manifest().patches.len();
        let mut progress = Progress::new("explain", "images");
        let mut explained = Vec::new();
        for place in 0..all {
            for run in self.runs {
                let mut one = run.explain(self.patches, place, self.asked, self.out)?;
                if let Some(Neighbours { found, count }) = neighbours {
                    let asked = NearestAsked {
                        images: self.patches,
                        place,
                        count,
                        answer: &one.likeliest,
                    };
                    one.nearest = Some(found.find(&asked, self.out)?);
                }
                explained.push(one);
            }
            progress.update(place + 1, all, "");
        }
        progress.finish(&format!("{all} images"));
        Ok(explained)
    }
}

fn say_few(there: usize, wanted: usize) {
    if there < wanted {
        note(&format!(
            "note: the run has {there} training patches, fewer than --nearest {wanted}: all are shown"
        ));
    }
}

fn show(explained: &[Explanation]) {
    let row = |one: &Explanation| {
        let key = match &one.member {
            Some(member) => format!("{} ({member})", one.key),
            None => one.key.clone(),
        };
        let mut row = vec![
            key,
            one.class.clone(),
            format!("{:.4}", one.prob),
            format!("{:+.3}", one.evidence),
            one.way.to_string(),
        ];
        row.extend(one.nearest.as_ref().map(|nearest| {
            let of = nearest.neighbours.len();
            format!("{} of {of} {}", nearest.agreeing, nearest.answer)
        }));
        row
    };
    let mut header = vec!["image", "class", "probability", "evidence", "way"];
    if explained.iter().any(|one| one.nearest.is_some()) {
        header.push("nearest");
    }
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
