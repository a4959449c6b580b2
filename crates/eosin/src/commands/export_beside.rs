//! What stands beside an exported model, since no model file holds it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use eosin_data::StainNormaliser;
use eosin_run::{Overwrite, check_out_file};
use eosin_store::{RunFolder, RunRecord, names, write_atomic};
use eosin_train::StainFit;

/// A file beside a model.
pub struct Beside {
    /// Where it is.
    pub path: PathBuf,
    content: Vec<u8>,
}

impl Beside {
    /// What the run's patches were made like in stain, as its file says: `model.stain.json` of
    /// `model.onnx`. `None` where they were not.
    ///
    /// # Errors
    /// When the file has another stain than the run was trained on.
    pub fn of_stain(folder: &RunFolder, record: &RunRecord, model: &Path) -> Result<Option<Self>> {
        if !folder.has(names::STAIN) {
            return Ok(None);
        }
        let fit: StainFit = folder.read_json(names::STAIN)?;
        let trained_on = record.preprocess.first();
        let trained_on = trained_on.and_then(|first| first.stain.as_deref());
        let says = StainNormaliser::new(fit.method, fit.target);
        let says = says.map(|stain| stain.to_string());
        if says.as_deref() != trained_on {
            bail!(
                "{} is not what the run was trained on: {} has another stain; restore it",
                folder.path(names::STAIN).display(),
                folder.path(names::RUN).display()
            );
        }
        Ok(Some(Self {
            path: model.with_extension("stain.json"),
            content: folder.read(names::STAIN)?,
        }))
    }

    /// How the run calibrates and decides: `model.decision.json`. `None` where that is as its logits say.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn of_decision(record: &RunRecord, model: &Path) -> Result<Option<Self>> {
        let applied = record.decision.as_ref();
        let Some(applied) = applied.filter(|applied| !applied.is_usual()) else {
            return Ok(None);
        };
        let told = serde_json::json!({
            "classes": record.classes, "positive": record.positive, "decision": applied,
        });
        let mut content = serde_json::to_vec_pretty(&told)?;
        content.push(b'\n');
        Ok(Some(Self {
            path: model.with_extension("decision.json"),
            content,
        }))
    }

    /// Refuses to replace another file that nobody said may be replaced.
    ///
    /// # Errors
    /// When there is one, or it cannot be read.
    pub fn refuse_other(&self, overwrite: Overwrite) -> Result<()> {
        // Another model of the run has the same beside it.
        let is_own = self.path.is_file() && std::fs::read(&self.path)? == self.content;
        if is_own {
            return Ok(());
        }
        check_out_file(&self.path, overwrite)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<PathBuf> {
        write_atomic(&self.path, &self.content)?;
        Ok(self.path.clone())
    }
}
