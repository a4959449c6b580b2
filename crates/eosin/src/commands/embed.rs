//! `eosin embed`: fills the cache, and writes embeddings for other programs.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_run::{EmbeddingsOut, Overwrite};
use eosin_weights::LazyTensor as _;

use crate::args::EmbedArgs;
use crate::commands::run::open;
use crate::interrupt::explain;
use crate::output::{say, say_json};
use crate::settings;
use crate::terminal::Terminal;

/// Computes what the cache lacks, and writes it where `--out` says.
///
/// # Errors
/// When a patch, the weights or the cache cannot be used, or the file cannot be written.
pub fn run(args: &EmbedArgs, json: bool) -> Result<ExitCode> {
    if let Some(own) = settings::resolve(&args.job)?.backbone.embeddings {
        bail!(
            "there is nothing to embed: the embeddings in {} take the place of a network; leave \
             '--embeddings' out, or name a '--backbone' instead",
            own.display()
        );
    }
    let overwrite = Overwrite::of_flag(args.overwrite);
    let data = args.job.data();
    let out = args.out.as_deref();
    let out = out.map(|path| EmbeddingsOut::new(path, data, overwrite));
    let out = out.transpose()?;
    let terminal = Terminal::default();
    let job = open(&args.job, &terminal)?;
    let folds = job.folds_of_embeddings(&terminal)?;
    let cache = job.cache()?;
    let start = job.start(&terminal)?;
    terminal.listen()?;
    let run = job.run(&folds, &start, &cache, None);
    let failed = |error: eosin_train::TrainError| explain(error.into(), None);
    let (count, shape) = match &out {
        None => (run.embed(&terminal).map_err(failed)?, None),
        Some(out) => {
            let embedded = run.embedded(&terminal).map_err(failed)?;
            out.write(&embedded, job.manifest())?;
            (embedded.count, Some(embedded.shape().to_vec()))
        }
    };
    let files = out.as_ref().map_or(Vec::new(), EmbeddingsOut::files);
    let dir = cache.dir();
    if json {
        say_json(&serde_json::json!({
            "computed": count.computed, "found": count.found, "cache": dir,
            "files": files, "shape": shape,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "{} embeddings in {}",
        count.computed + count.found,
        dir.display()
    ));
    if let Some([patches, views, width]) = shape.as_deref() {
        let names: Vec<String> = files.iter().map(|file| shown(file)).collect();
        say(&format!(
            "{patches} patches x {views} views x {width} values in {}",
            names.join(" and ")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
