//! A finished run on the patches that are audited.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use eosin_data::Folds;
use eosin_store::{RunFolder, names};
use eosin_train::{Part, held_predictions};

use crate::job::Job;

/// The folds of a run, and what they say of patches that they have not seen.
pub(super) struct RunPredictions {
    pub dir: PathBuf,
    pub folds: Folds,
    /// Mean probabilities over cross-validations, by place in the manifest.
    pub out_of_fold: BTreeMap<usize, Vec<f32>>,
}

impl RunPredictions {
    /// Reads the run in `dir`.
    pub(super) fn open(dir: &Path, job: &Job) -> Result<Self> {
        let folder = RunFolder::open(dir)?;
        let record = folder.record()?;
        let manifest = job.manifest();
        if record.patches_hash != job.patches.content_hash() {
            bail!(
                "the run in {} was made of other patches than those in {}: their names or contents \
                 differ; give '--data' as the run had it, or leave out '--run'",
                dir.display(),
                job.data.display()
            );
        }
        if record.classes != manifest.classes {
            bail!(
                "the run in {} tells {} apart, and the patches are of {}; give '--data' as the run had it, \
                 or leave out '--run'",
                dir.display(),
                record.classes.join(", "),
                manifest.classes.join(", ")
            );
        }
        let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
        let mut sums: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        for row in held_predictions(&folder, &record)? {
            if row.part != Part::OutOfFold {
                continue;
            }
            let Some(place) = manifest.position(&row.key) else {
                bail!("{}: no patch is called '{}'", dir.display(), row.key);
            };
            let sum = sums
                .entry(place)
                .or_insert_with(|| vec![0.0; row.probs.len()]);
            for (sum, prob) in sum.iter_mut().zip(&row.probs) {
                *sum += prob;
            }
        }
        for probs in sums.values_mut() {
            let all: f32 = probs.iter().sum();
            for prob in probs {
                *prob /= all.max(f32::MIN_POSITIVE);
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            folds,
            out_of_fold: sums,
        })
    }
}
