//! `eosin pack`: a run that needs nothing else.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::PackArgs;
use crate::output::{bytes, say, say_json};

/// Copies the run with the weights that it started from.
///
/// # Errors
/// When the run cannot be read, its weights are gone, or the folder holds a run already.
pub fn run(args: &PackArgs, json: bool) -> Result<ExitCode> {
    let packed = eosin_run::pack(&args.run, &args.out)?;
    if json {
        say_json(&serde_json::json!({
            "run": packed.dir, "bytes": packed.bytes, "weights_bytes": packed.weights_bytes,
        }))?;
    } else {
        let weights = match packed.weights_bytes {
            0 => "no weights but its own".to_owned(),
            count => format!("{} of them the weights that it started from", bytes(count)),
        };
        say(&format!(
            "{}: {}, {weights}",
            packed.dir.display(),
            bytes(packed.bytes)
        ));
    }
    Ok(ExitCode::SUCCESS)
}
