//! `eosin phantom`: a synthetic, labelled set.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use eosin_core::Seed;
use eosin_data::{PhantomOptions, PhantomSummary, write_phantom};

use crate::args::PhantomArgs;
use crate::output::{say, say_json};
use crate::progress::watch_threads;

/// Makes the set and says what is in it.
///
/// # Errors
/// When an option is out of range, or the folder is not empty or cannot be written.
pub fn run(args: &PhantomArgs, json: bool) -> Result<ExitCode> {
    let options = PhantomOptions {
        patients: args.patients,
        test_patients: args.test_patients,
        slides_per_patient: args.slides,
        patches_per_slide: args.patches,
        size_px: args.size,
        difficulty: args.difficulty,
        seed: Seed(args.seed),
        ..PhantomOptions::default()
    };
    let summary = write(&args.out, &options)?;
    if json {
        say_json(&summary)?;
    } else {
        let [benign, malignant] = summary.train;
        let [test_benign, test_malignant] = summary.test;
        say(&format!(
            "{}: {benign} benign and {malignant} malignant patches to train on, {test_benign} and \
             {test_malignant} to test on",
            args.out.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the set, with progress.
///
/// # Errors
/// As [`run`].
pub fn write(folder: &Path, options: &PhantomOptions) -> Result<PhantomSummary> {
    let (summary, progress) = watch_threads("phantom", "patches", |tell| {
        write_phantom(folder, options, tell)
    });
    let summary = summary?;
    progress.finish(&folder.display().to_string());
    Ok(summary)
}
