//! The run that answers.

use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use eosin_data::{PatchSource, Resize};
use eosin_run::{
    ExplainArgs, ExplainedRun, Judgement, decision_text, open_explainers, weight_store,
};
use eosin_store::{RunFolder, RunRecord, names};
use eosin_train::{Predictor, UseFolds};
use serde_json::{Value, json};

/// What everybody is told.
pub const NOTICE: &str = "Not a medical device: for research, not for diagnosis.";

/// A run, loaded once.
pub struct ServedRun {
    /// Gives probabilities.
    pub predictor: Predictor,
    /// Decides by them.
    pub judgement: Judgement,
    /// What there is to say of it.
    pub card: Value,
    /// BLAKE3 of `run.json`, which names everything that answers.
    pub model: String,
    /// What shows where answers come from; `None` where nothing can.
    explainers: Mutex<Option<Vec<ExplainedRun>>>,
}

/// Where an answer comes from.
pub struct Picture {
    /// The member of an ensemble.
    pub member: Option<String>,
    /// How it was made.
    pub way: String,
    /// The class that is spoken for.
    pub class: usize,
    /// A PNG: the patch, and beside it the patch in grey under what speaks for the class.
    pub png: Vec<u8>,
}

impl ServedRun {
    /// Loads the run in `folder`; `resize` brings images of another size to its own.
    ///
    /// # Errors
    /// When it is no finished run, its files are damaged, its weights gone, or it does not see images.
    pub fn load(folder: &Path, resize: Option<Resize>) -> Result<Self> {
        let opened = RunFolder::open(folder)?;
        let record: RunRecord = opened.record()?;
        if let Some(embeddings) = record.embeddings() {
            bail!(
                "the run in {} was trained on the embeddings in {}, and no network makes them of images: it \
                 cannot be served",
                folder.display(),
                embeddings.file.display()
            );
        }
        let store = weight_store(&opened)?;
        let mut predictor = Predictor::load(&opened, &store, UseFolds::Average)
            .with_context(|| format!("cannot load {}", folder.display()))?;
        if let Some(how) = resize {
            predictor = predictor.resizing(how);
        }
        let how = ExplainArgs {
            way: None,
            folds: UseFolds::Average,
            resize,
        };
        let model = blake3::hash(&opened.read(names::RUN)?).to_hex().to_string();
        Ok(Self {
            predictor,
            judgement: Judgement::of(&record)?,
            card: card(&opened, &record, &model)?,
            model,
            explainers: Mutex::new(open_explainers(folder, how).ok()),
        })
    }

    /// Where the answer to an image comes from, by each member of an ensemble.
    ///
    /// # Errors
    /// When the image cannot be used, or nothing can show it.
    pub fn explain(&self, image: &PatchSource, class: usize) -> Result<Vec<Picture>> {
        let mut explainers = self
            .explainers
            .lock()
            .map_err(|_| anyhow::anyhow!("an explanation has failed before"))?;
        let Some(explainers) = explainers.as_mut() else {
            bail!("this run cannot show where its answers come from");
        };
        let picture = |run: &mut ExplainedRun| {
            let shown = run.show(image, class)?;
            Ok(Picture {
                member: run.member().map(str::to_owned),
                way: run.way().to_string(),
                class,
                png: shown,
            })
        };
        explainers.iter_mut().map(picture).collect()
    }
}

/// What there is to say of a run: what it tells apart, how it decides, and how well.
fn card(folder: &RunFolder, record: &RunRecord, model: &str) -> Result<Value> {
    let metrics: Value = folder.read_json(names::METRICS)?;
    Ok(json!({
        "model": model,
        "run": folder.dir().file_name().map(|name| name.to_string_lossy()),
        "eosin": record.eosin_version,
        "created": record.created,
        "classes": record.classes,
        "positive": record.positive,
        "decision": decision_text(record)
            .unwrap_or_else(|| "the most probable class counts; probabilities are not calibrated".to_owned()),
        "metrics": metrics,
        "card": folder.read_text("model-card.md").ok(),
        "notice": NOTICE,
    }))
}
