//! `eosin explain`: where in images a model's logits come from.

use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_data::{ImagesFound, Patches, Resize, find_images};
use eosin_run::{
    Asked, ExplainArgs as Explain, ExplainOut, ExplainedRun, Explanation, Explanations,
    NearestAsked, NearestOf, Overwrite, Sanity, config_of_run, open_explainers, sanity_check,
    with_nearest,
};
use eosin_store::{RunFolder, RunRecord};
use eosin_train::{ExplainWay, TrainError};

use crate::args::ExplainArgs;
use crate::commands::predict::which_folds;
use crate::look::Look;
use crate::output::{note, say, say_json, say_table};
use crate::progress::Progress;

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
    let folder = RunFolder::open(&args.run)?;
    let record: RunRecord = folder.record()?;
    let asked = Asked::of(&args.run, &record, args.class.as_deref())?;
    let filter = config_of_run(&folder)?.data.resize;
    let how = Explain {
        way: args.way,
        folds: which_folds(args.fold.as_deref(), &record)?,
        resize: args
            .usable
            .resize
            .map(|non_square| Resize { filter, non_square }),
    };
    let runs = open_explainers(&args.run, how)?;
    if args.sanity && runs.iter().any(|run| run.way() == ExplainWay::Occlusion) {
        return Err(TrainError::NothingToRandomise(args.run.clone()).into());
    }
    let ImagesFound { manifest, .. } = find_images(&args.images)?;
    for text in &manifest.notes {
        note(&format!("note: {text}"));
    }
    let look = Look {
        max_side_px: record.max_side_px,
        skip_bad: args.usable.skip_bad,
    };
    let patches = look.at(&manifest, runs.iter().map(ExplainedRun::reader))?;
    let keys = patches.manifest().patches.iter();
    let out = out.for_keys(keys.map(|patch| patch.key.as_str()));
    let mut work = Work {
        runs,
        patches: &patches,
        asked: &asked,
        out: &out,
    };
    let images = match args.nearest {
        None => work.explain_all(None)?,
        // Before any map is made: where there are no neighbours that is said at once.
        Some(count) => with_nearest(&args.run, how.resize, |found| {
            say_few(found.len(), count);
            work.explain_all(Some(Neighbours { found, count }))
        })?,
    };
    drop(work);
    let sanity = if args.sanity {
        let mut progress = Progress::new("sanity", "maps");
        let looked = |done, all| progress.update(done, all, "");
        let found = sanity_check(&args.run, how, &patches, &asked, looked)?;
        progress.finish(&format!("{} pairs of maps", found.pairs));
        Some(found)
    } else {
        None
    };
    let explained = Explanations { images, sanity };
    let list = out.finish(&explained)?;
    if json {
        say_json(&explained)?;
        return Ok(ExitCode::SUCCESS);
    }
    show(&explained.images);
    if let Some(sanity) = &explained.sanity {
        say(&sanity_words(sanity));
    }
    say(&format!("written to {}", list.display()));
    Ok(ExitCode::SUCCESS)
}

/// What is to be explained.
struct Work<'a> {
    runs: Vec<ExplainedRun>,
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
    fn explain_all(&mut self, neighbours: Option<Neighbours<'_>>) -> Result<Vec<Explanation>> {
        self.out.begin()?;
        let all = self.patches.manifest().patches.len();
        let mut progress = Progress::new("explain", "images");
        let mut explained = Vec::new();
        for place in 0..all {
            for run in &mut self.runs {
                let mut one = run.explain(self.patches, place, self.asked, self.out)?;
                if let Some(Neighbours { found, count }) = neighbours {
                    let asked = NearestAsked {
                        images: self.patches,
                        place,
                        count,
                        answer: &one.pred,
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

fn sanity_words(sanity: &Sanity) -> String {
    let (Some(mean), Some(absolute)) = (sanity.rank_correlation, sanity.absolute) else {
        return "sanity: nothing to compare, every map has one value everywhere".to_owned();
    };
    format!(
        "sanity: {} maps of fresh weights have a rank correlation of {mean:.2} with these ({absolute:.2} whatever \
         its sign; a map that did not depend on what was learned would have 1)",
        sanity.pairs
    )
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
