//! `eosin inspect`: what is there and what is wrong with it.

use std::process::ExitCode;

use anyhow::Result;
use eosin_run::{Look, find_patches, inspect};

use crate::args::InspectArgs;
use crate::interrupt::explain;
use crate::output::{say, say_json, say_table};
use crate::settings;
use crate::terminal::{Terminal, list_problems};

/// Reads every patch; exits with 1 when one cannot be used.
///
/// # Errors
/// When no patches can be found at all.
pub fn run(args: &InspectArgs, json: bool) -> Result<ExitCode> {
    let config = settings::resolve(&args.job)?;
    let terminal = Terminal::default();
    let manifest = find_patches(args.job.data(), &config, &terminal)?;
    let look = if args.headers_only {
        Look::Headers
    } else {
        Look::Whole
    };
    let found = inspect(&manifest, &config, look, &terminal);
    let inspection = found.map_err(|error| explain(error, None))?.inspection;
    if json {
        say_json(&inspection)?;
    } else {
        let rows = inspection.classes.iter().map(|count| {
            let word = |text: Option<&str>| text.unwrap_or("-").to_owned();
            vec![
                word(count.class.as_deref()),
                word(count.split.map(eosin_core::Split::as_str)),
                count.patches.to_string(),
            ]
        });
        say_table(&["class", "split", "patches"], rows.collect());
        let groups = &inspection.groups;
        for (what, count) in [
            ("patients", groups.patients),
            ("slides", groups.slides),
            ("groups", groups.groups),
        ] {
            if let Some(count) = count {
                say(&format!("{count} {what}"));
            }
        }
        if let Some((width, height)) = inspection.usual_size_px {
            say(&format!("{width}x{height} px, layout {}", manifest.layout));
        }
        for line in &inspection.notes {
            say(line);
        }
        list_problems(&inspection);
    }
    let bad = inspection.bad_keys(config.data.size_px.is_none());
    Ok(if bad.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
