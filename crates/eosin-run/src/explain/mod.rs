//! Maps of what speaks for a class in patches, as pictures and as data.

mod nearest;
mod out;
mod overlay;
mod sanity;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::Task;
use eosin_data::{PatchSource, Patches, Resize, RgbPatch};
use eosin_store::{RunFolder, RunRecord, WeightStore};
use eosin_train::{
    ClassMap, ExplainWay, ExplainedWeights, Explainer, PatchReader, UseFolds, member_folders,
    softmax,
};
use serde::Serialize;

pub use self::nearest::{Nearest, NearestAsked, NearestOf, Neighbour, with_nearest};
pub use self::out::ExplainOut;
pub(crate) use self::overlay::overlaid;
use self::overlay::overlay;
pub use self::sanity::{Sanity, sanity_check};
use crate::create::weight_store;
use crate::record::task_of;

/// What explains, and how.
#[derive(Clone, Copy, Debug)]
pub struct ExplainArgs {
    /// How maps come about; else class maps where a run has them, `HiResCAM` where it is a network.
    pub way: Option<ExplainWay>,
    /// Which folds.
    pub folds: UseFolds,
    /// How patches of other sizes are brought to the network's.
    pub resize: Option<Resize>,
}

/// What was found of a patch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The patch.
    pub key: String,
    /// The member of an ensemble; `None` of any other run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The class that is spoken for.
    pub class: String,
    /// Its probability, as the network's logits say (of an ensemble the member's).
    pub prob: f32,
    /// Its logit less the mean of those of all other classes. Of a class map the mean of the map is this.
    pub evidence: f32,
    /// How the map came about.
    pub way: ExplainWay,
    /// The patch beside itself in grey, with what speaks for the class in red and against it in blue.
    pub overlay: PathBuf,
    /// `[height, width, classes]`, little-endian `f32` as `.npy`.
    pub map: PathBuf,
    /// The class that the run decides on; of a member of an ensemble the likeliest.
    pub pred: String,
    /// The training patches that are most like it, where these were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
}

/// What was found of all patches: `explain.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanations {
    /// Patch by patch, and member by member.
    pub images: Vec<Explanation>,
    /// Whether maps depend on what was learned, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sanity: Option<Sanity>,
}

/// A run that explains: by itself, or as a member of an ensemble.
pub struct ExplainedRun {
    member: Option<String>,
    explainer: Explainer,
}

/// Loads what explains: the run, or each member of an ensemble.
///
/// # Errors
/// When a file is missing or damaged, or the run has no network.
pub fn open_explainers(run: &Path, args: ExplainArgs) -> Result<Vec<ExplainedRun>> {
    open_with(run, args, ExplainedWeights::Trained)
}

fn open_with(
    run: &Path,
    args: ExplainArgs,
    weights: ExplainedWeights,
) -> Result<Vec<ExplainedRun>> {
    let folder = RunFolder::open(run)?;
    let record: RunRecord = folder.record()?;
    let store = weight_store(&folder)?;
    let load = |folder: &RunFolder, store: &WeightStore| -> Result<Explainer> {
        let explainer = Explainer::load(folder, store, args.folds, args.way, weights);
        let explainer =
            explainer.with_context(|| format!("cannot explain {}", folder.dir().display()))?;
        Ok(match args.resize {
            Some(how) => explainer.resizing(how),
            None => explainer,
        })
    };
    let Some(ensemble) = record.ensemble() else {
        return Ok(vec![ExplainedRun {
            member: None,
            explainer: load(&folder, &store)?,
        }]);
    };
    let members = ensemble.members.iter().map(|member| &member.name);
    let folders = member_folders(&folder, ensemble)?;
    let member = |(name, own): (&String, &RunFolder)| {
        Ok(ExplainedRun {
            member: Some(name.clone()),
            explainer: load(own, &store)?,
        })
    };
    members.zip(&folders).map(member).collect()
}

impl ExplainedRun {
    /// How its maps come about.
    pub fn way(&self) -> ExplainWay {
        self.explainer.way()
    }

    /// How its patches are read.
    pub const fn reader(&self) -> &PatchReader {
        self.explainer.reader()
    }

    /// The member of an ensemble.
    pub fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// Explains the patch at `place` and writes picture and map.
    ///
    /// # Errors
    /// When the patch cannot be used, or a file not be written.
    pub fn explain(
        &mut self,
        patches: &Patches,
        place: usize,
        asked: &Asked,
        out: &ExplainOut,
    ) -> Result<Explanation> {
        let key = &patches.manifest().patches[place].key;
        let (patch, map) = self.map(patches, place)?;
        let mut probs = map.logits.clone();
        softmax(&mut probs, map.classes);
        let pred = match self.member {
            Some(_) => map.likeliest(),
            None => asked.task.decision.decide(&probs),
        };
        let class = asked.class.unwrap_or(pred);
        let png = overlay(&patch, &map, class)?;
        let written = out.write(key, self.member(), &png, &map)?;
        Ok(Explanation {
            key: key.clone(),
            member: self.member.clone(),
            class: asked.task.classes[class].clone(),
            prob: probs[class],
            evidence: map.evidence_of_patch(class),
            way: map.way,
            overlay: written.overlay,
            map: written.map,
            pred: asked.task.classes[pred].clone(),
            nearest: None,
        })
    }

    /// A PNG of an image: as the network sees it, and beside it in grey under what speaks for `class` (red) and
    /// against it (blue).
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn show(&mut self, image: &PatchSource, class: usize) -> Result<Vec<u8>> {
        let (patch, map) = self.map_of(image)?;
        overlay(&patch, &map, class)
    }

    /// The patch at `place` as the network sees it, and its map.
    fn map(&mut self, patches: &Patches, place: usize) -> Result<(RgbPatch, ClassMap)> {
        self.map_of(&PatchSource::Bytes {
            name: patches.name(place),
            bytes: patches.bytes(place)?,
        })
    }

    /// The same of an image.
    fn map_of(&mut self, image: &PatchSource) -> Result<(RgbPatch, ClassMap)> {
        let patch = self.explainer.read(image)?;
        let map = self.explainer.explain(&patch)?;
        Ok((patch, map))
    }
}

/// Which class is spoken for.
pub struct Asked {
    task: Task,
    class: Option<usize>,
}

impl Asked {
    /// The class that was asked for, among those of a run; `run` is what errors call it.
    ///
    /// # Errors
    /// When the run has no such class.
    pub fn of(run: &Path, record: &RunRecord, class: Option<&str>) -> Result<Self> {
        let task = task_of(record)?;
        let class = match class {
            None => None,
            Some(name) => match task.classes.iter().position(|class| class == name) {
                Some(class) => Some(class),
                None => bail!(
                    "--class {name} is no class of {}: its classes are {}",
                    run.display(),
                    task.classes.join(", ")
                ),
            },
        };
        Ok(Self { task, class })
    }
}
