//! `eosin predict`: probabilities for new images, or for embeddings.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use eosin_core::Task;
use eosin_data::{ImagesFound, PatchSource, Patches, Resize, find_images};
use eosin_run::{
    Judgement, Overwrite, check_out_file, config_of_run, decision_text, duration,
    refuse_same_stems, weight_store,
};
use eosin_store::{RunFolder, RunRecord};
use eosin_train::{EmbeddingFile, OwnPredictor, Predictor, UseFolds};

use crate::args::PredictArgs;
use crate::commands::predict_embeddings;
use crate::look::Look;
use crate::output::note;
use crate::prediction_rows::{Format, PredictionRows};
use crate::progress::Progress;

/// Images that are predicted before their rows are written.
const BATCH: usize = 64;

/// Looks at every image, then predicts and prints or writes one row an image.
///
/// # Errors
/// When the run or an image cannot be used.
pub fn run(args: &PredictArgs, json: bool) -> Result<ExitCode> {
    if let Some(out) = &args.out {
        check_out_file(out, Overwrite::of_flag(args.overwrite))?;
    }
    let folder = RunFolder::open(&args.run)?;
    let record: RunRecord = folder.record()?;
    let judgement = Judgement::of(&record)?;
    let task = &judgement.task;
    let folds = which_folds(args.fold.as_deref(), &record)?;
    if let Some(text) = decision_text(&record) {
        note(&format!("note: {text}"));
    }
    let format = match (json, args.datathon) {
        (true, _) => Format::Json,
        (false, true) => Format::Datathon,
        (false, false) => Format::Csv,
    };
    if !args.embeddings.is_empty() {
        let files = args.embeddings.iter().map(|path| EmbeddingFile::open(path));
        let predictor = OwnPredictor::load(&folder, folds, files.collect::<Result<_, _>>()?)?;
        let key_column = Some(predictor.key_column().to_owned());
        let rows = PredictionRows::new(&judgement, format, key_column, args.out.as_deref())?;
        predict_embeddings::predict(&predictor, task, rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    refuse_nothing(args, &record)?;
    let store = weight_store(&folder)?;
    let mut predictor = Predictor::load(&folder, &store, folds)?;
    if let Some(non_square) = args.usable.resize {
        let filter = config_of_run(&folder)?.data.resize;
        predictor = predictor.resizing(Resize { filter, non_square });
    }
    let ImagesFound {
        manifest,
        key_column,
    } = find_images(&args.images)?;
    for text in &manifest.notes {
        note(&format!("note: {text}"));
    }
    let look = Look {
        max_side_px: record.max_side_px,
        skip_bad: args.usable.skip_bad,
    };
    let patches = look.at(&manifest, predictor.readers())?;
    if format == Format::Datathon {
        let keys = patches.manifest().patches.iter();
        let fix = "predict them apart, or leave out '--datathon'";
        refuse_same_stems(keys.map(|patch| patch.key.as_str()), fix)?;
    }
    let rows = PredictionRows::new(&judgement, format, key_column, args.out.as_deref())?;
    predict(&predictor, &patches, task, rows)?;
    Ok(ExitCode::SUCCESS)
}

/// What was left out is asked for in the words of the run: it takes images, or embeddings.
fn refuse_nothing(args: &PredictArgs, record: &RunRecord) -> Result<()> {
    let run = args.run.display();
    match record.embeddings() {
        Some(embeddings) => bail!(
            "the run in {run} starts from embeddings ({}), and there is no network to make them of \
             images; write 'eosin predict {run} --embeddings FILE', whose every row is predicted",
            embeddings.file.display()
        ),
        None if args.images.is_empty() => bail!(
            "nothing to predict: name images, folders of images or tables of them, as in 'eosin predict \
             {run} IMAGES'"
        ),
        None => Ok(()),
    }
}

/// Predicts batch by batch; what was written stays, whatever comes.
fn predict(
    predictor: &Predictor,
    patches: &Patches,
    task: &Task,
    mut rows: PredictionRows<'_>,
) -> Result<()> {
    let all = patches.manifest().patches.len();
    let begun = Instant::now();
    let mut progress = Progress::new("predict", "images");
    for from in (0..all).step_by(BATCH) {
        let batch = from..all.min(from + BATCH);
        let sources = batch.clone().map(|place| {
            let bytes = patches.bytes(place)?;
            let name = patches.name(place);
            Ok(PatchSource::Bytes { name, bytes })
        });
        let probs = sources
            .collect::<Result<Vec<_>>>()
            .and_then(|sources| Ok(predictor.predict(&sources)?))
            .with_context(|| rows.left_behind())?;
        for (place, probs) in batch.clone().zip(probs.chunks_exact(task.classes.len())) {
            rows.add(&patches.manifest().patches[place].key, probs)?;
        }
        rows.flush()?;
        progress.update(batch.end, all, "");
    }
    progress.finish(&format!(
        "{all} images, {} passes through the network each, {}",
        predictor.passes(),
        duration(begun.elapsed().as_secs_f64())
    ));
    if predictor.kept_stains() > 0 {
        note(&format!(
            "warning: {} of {all} images keep their own stain, since none can be told (too little tissue, \
             weak stain, one colour or ink); 'eosin stain --data IMAGES --target FILE', with the run's stain.json, lists them",
            predictor.kept_stains()
        ));
    }
    rows.finish()
}

/// The fold that `asked` names: a number, `REPEAT.FOLD`, or `best`; `None` is the mean of all.
///
/// # Errors
/// When the word is none of these.
pub fn which_folds(asked: Option<&str>, record: &RunRecord) -> Result<UseFolds> {
    match asked {
        None => Ok(UseFolds::Average),
        Some("best") => Ok(UseFolds::One(record.best)),
        Some(word) => match word.parse() {
            Ok(fold) => Ok(UseFolds::One(fold)),
            Err(_) => bail!(
                "--fold {word} is no fold: write a number from 0 to {}, 'best', or REPEAT.FOLD \
                 when the cross-validation was repeated",
                record.folds - 1
            ),
        },
    }
}
