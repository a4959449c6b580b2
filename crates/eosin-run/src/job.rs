//! A checked plan: the resolved configuration and patches that were looked at once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Result, bail};
use eosin_audit::PairsFound;
use eosin_core::Config;
use eosin_core::config::{DataConfig, LossKind, NormaliseMode, ResizePolicy, SplitConfig};
use eosin_core::task::{PositiveChoice, positive_class};
use eosin_core::{Split, Task};
use eosin_data::{
    FoldIndices, Folds, Inspection, Manifest, Patches, SplitMethod, SplitOptions, split,
};
use eosin_metrics::Metric;
use eosin_models::BackboneSpec;
use eosin_store::{Cache, RunFolder};
use eosin_train::{Run, StartingPoint, selection};

use crate::describe::describe;
use crate::event::{RunEvent, WatchRun, note, tell};
use crate::look::{Look, find_patches, inspect};
use crate::named_weights::HubOptions;
use crate::settings::cache_dir;

/// A job with its patches found and checked.
pub struct Job {
    /// The resolved configuration.
    pub config: Config,
    /// The usable patches.
    pub patches: Arc<Patches>,
    /// Keys left out by `data.skip_bad`.
    pub skipped: Vec<String>,
    /// Side that the network is run at; where there is none, the longer one of most patches.
    pub size_px: usize,
    /// What is told apart.
    pub task: Task,
    /// The metric that picks epochs and the best fold.
    pub select: Metric,
    /// Where the patches are.
    pub data: PathBuf,
    /// How weights are found by name.
    pub hub: HubOptions,
    /// Pairs of patches that show the same tissue, by pixels alone, once a run has looked for them: all
    /// jobs on the same pixels share them.
    pub(crate) pairs: Arc<OnceLock<PairsFound>>,
}

impl Job {
    /// Finds the patches of `data` and looks at every one.
    ///
    /// # Errors
    /// When anything cannot be used; problems with patches are all told first.
    pub fn open(
        config: Config,
        data: &Path,
        hub: &HubOptions,
        watch: &dyn WatchRun,
    ) -> Result<Self> {
        let manifest = find_patches(data, &config, watch)?;
        let task = task(&config, &manifest.classes)?;
        let found = inspect(&manifest, &config, Look::Whole, watch)?;
        let inspection = &found.inspection;
        let bad = inspection.bad_keys(config.data.size_px.is_none());
        if !bad.is_empty() {
            tell(watch, &RunEvent::Problems(inspection))?;
            if !config.data.skip_bad {
                bail!(
                    "{} of {} patches cannot be used (listed above); mend them, or go on without \
                     them with '--skip-bad'",
                    bad.len(),
                    manifest.patches.len()
                );
            }
            note(watch, &format!("going on without {} patches", bad.len()))?;
        }
        for text in &inspection.notes[manifest.notes.len()..] {
            note(watch, &format!("note: {text}"))?;
        }
        for line in describe(&manifest) {
            note(watch, &line)?;
        }
        let size_px = if config.backbone.embeddings.is_some() {
            inspection.usual_size_px.map_or(1, |(w, h)| w.max(h))
        } else {
            refuse_non_square(&config, inspection)?;
            network_size(&config, inspection)?
        };
        Ok(Self {
            task,
            select: config.train.select.parse()?,
            hub: hub.clone(),
            pairs: Arc::default(),
            data: data.to_owned(),
            patches: Patches::new(&manifest, found.contents, &bad).into(),
            skipped: bad.into_iter().collect(),
            config: with_folds(config, &manifest),
            size_px,
        })
    }

    /// The same patches under another configuration. They are looked at again only where the way
    /// in which they are found or judged has changed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn with_config(&self, config: Config, watch: &dyn WatchRun) -> Result<Self> {
        if !same_patches(&self.config.data, &config.data) {
            return Self::open(config, &self.data, &self.hub, watch);
        }
        Ok(Self {
            task: task(&config, &self.manifest().classes)?,
            select: config.train.select.parse()?,
            hub: self.hub.clone(),
            data: self.data.clone(),
            patches: Arc::clone(&self.patches),
            pairs: Arc::clone(&self.pairs),
            skipped: self.skipped.clone(),
            size_px: self.size_px,
            config: with_folds(config, self.manifest()),
        })
    }

    /// The patches' names, labels and groups.
    pub fn manifest(&self) -> &Manifest {
        self.patches.manifest()
    }

    /// The run on these folds; `folder` is where folds are kept as they end.
    pub fn run<'a>(
        &'a self,
        folds: &'a Folds,
        start: &'a StartingPoint,
        cache: &'a Cache,
        folder: Option<&'a RunFolder>,
    ) -> Run<'a> {
        Run {
            config: &self.config,
            patches: &self.patches,
            folds,
            start,
            cache,
            size_px: self.size_px,
            task: &self.task,
            select: self.select,
            folder,
        }
    }

    /// The cache that the configuration names.
    ///
    /// # Errors
    /// When there is none and none can be made.
    pub fn cache(&self) -> Result<Cache> {
        let config = &self.config.cache;
        Ok(Cache::open(cache_dir(&config.dir)?, config.max_bytes)?)
    }

    /// What chooses epochs and the best fold: what was asked for, where it is defined in every fold.
    ///
    /// # Errors
    /// When the folds are of other patches.
    pub(crate) fn selected_by(&self, folds: &Folds) -> Result<Metric> {
        let parts = self.val_classes(folds)?;
        let parts = parts.iter().map(Vec::as_slice);
        Ok(selection(self.select, &self.task, parts)?)
    }

    /// The classes of each fold's validation part.
    fn val_classes(&self, folds: &Folds) -> Result<Vec<Vec<usize>>> {
        let patches = &self.manifest().patches;
        let val = |fold: &FoldIndices| {
            fold.val
                .iter()
                .filter_map(|at| patches[*at].class)
                .collect()
        };
        Ok(folds.resolve(self.manifest())?.iter().map(val).collect())
    }

    /// Says when what is asked to choose epochs and the best fold has no value in a fold.
    fn tell_selection(&self, folds: &Folds, watch: &dyn WatchRun) -> Result<()> {
        let parts = self.val_classes(folds)?;
        let asked = self.select;
        let chosen = |parts: &[Vec<usize>]| {
            let parts = parts.iter().map(Vec::as_slice);
            selection(asked, &self.task, parts)
        };
        let by = chosen(&parts)?;
        if by == asked {
            return Ok(());
        }
        let undefined = parts
            .iter()
            .filter(|part| chosen(std::slice::from_ref(*part)).is_ok_and(|by| by != asked));
        let text = format!(
            "warning: {asked} is undefined in {} of {} folds, where classes are absent: epochs and the best fold are chosen by {by}",
            undefined.count(),
            parts.len()
        );
        note(watch, &text)
    }

    /// Divides the patches as the configuration says.
    ///
    /// # Errors
    /// When there are too few patches or groups, or a group is on both sides of a given split.
    pub fn split(&self, watch: &dyn WatchRun) -> Result<Folds> {
        let (folds, warnings) = split(
            self.manifest(),
            &split_options(&self.config, self.manifest()),
        )?;
        for warning in warnings {
            note(watch, &format!("warning: {warning}"))?;
        }
        self.tell_given(&folds, watch)?;
        self.tell_selection(&folds, watch)?;
        Ok(folds)
    }

    /// The folds that embeddings depend on: none, but where patches are scaled fold by fold.
    ///
    /// # Errors
    /// As [`split`](Self::split).
    pub fn folds_of_embeddings(&self, watch: &dyn WatchRun) -> Result<Folds> {
        match self.config.backbone.normalise {
            NormaliseMode::Fold => self.split(watch),
            _ => Ok(Folds::none(self.manifest())),
        }
    }

    /// Says where folds come from that were not drawn.
    fn tell_given(&self, folds: &Folds, watch: &dyn WatchRun) -> Result<()> {
        let text = match (folds.method, self.manifest().named_folds().as_slice()) {
            (SplitMethod::Named, [first, .., last]) => format!(
                "note: the folds are the {} that the data name: fold 0 validates on '{first}', fold {} \
                 on '{last}'",
                folds.k,
                folds.k - 1
            ),
            (SplitMethod::Predefined, _) => format!(
                "note: the part val is the only validation part ({} patches): no folds are drawn",
                folds.folds[0].val.len()
            ),
            _ => return Ok(()),
        };
        note(watch, &text)
    }
}

/// How `config` asks for the patches of `manifest` to be divided: a manifest that says itself what
/// to validate on is followed unless something else was asked for, which is refused later.
pub fn split_options(config: &Config, manifest: &Manifest) -> SplitOptions {
    let SplitConfig {
        folds,
        repeats,
        group,
        holdout,
    } = config.split;
    let named = manifest.named_folds().len();
    let mut patches = manifest.patches.iter();
    let has_val = patches.any(|patch| patch.split == Some(Split::Val));
    let method = match (holdout, folds) {
        (Some(_), _) => SplitMethod::HoldOut,
        _ if named > 0 => SplitMethod::Named,
        (None, None) if has_val => SplitMethod::Predefined,
        (None, _) => SplitMethod::KFold,
    };
    let usual = match method {
        SplitMethod::Named => named,
        _ => SplitConfig::USUAL_FOLDS,
    };
    SplitOptions {
        method,
        k: folds.unwrap_or(usual),
        repeats,
        val_fraction: holdout.unwrap_or(SplitOptions::default().val_fraction),
        group,
        seed: config.seed,
    }
}

/// The configuration with the number of folds that `manifest` is divided into.
fn with_folds(config: Config, manifest: &Manifest) -> Config {
    let SplitOptions { method, k, .. } = split_options(&config, manifest);
    let folds = method.is_whole().then_some(k);
    let split = SplitConfig {
        folds,
        ..config.split
    };
    Config { split, ..config }
}

/// Whether both find and judge patches alike.
fn same_patches(one: &DataConfig, other: &DataConfig) -> bool {
    let DataConfig {
        positive: _,
        // Noted, and looked at by nobody who reads patches.
        mpp: _,
        // What is done to patches that were read.
        stain: _,
        stain_target: _,
        ..
    } = one;
    let alike = DataConfig {
        positive: one.positive.clone(),
        mpp: one.mpp,
        stain: one.stain,
        stain_target: one.stain_target.clone(),
        ..other.clone()
    };
    *one == alike
}

/// The side that the network is run at: the one asked for, else the patches' own.
fn network_size(config: &Config, inspection: &Inspection) -> Result<usize> {
    if let Some(size) = config.data.size_px {
        return Ok(size);
    }
    let native = BackboneSpec::of(config.backbone.name).native_size_px;
    match inspection.usual_size_px {
        Some((width, height)) if width == height => Ok(width),
        Some((width, height)) => bail!(
            "patches are {width}x{height} px, not square; resize them with '--size {native} --set \
             data.non_square=stretch', or with 'pad'"
        ),
        None => bail!("no patch can be read"),
    }
}

/// Lists every patch that is not square when resizing may not change its shape.
fn refuse_non_square(config: &Config, inspection: &Inspection) -> Result<()> {
    if config.data.size_px.is_none() || config.data.non_square != ResizePolicy::Square {
        return Ok(());
    }
    let oblong: Vec<String> = inspection
        .images
        .iter()
        .filter(|image| image.width_px != image.height_px)
        .map(|image| format!("{} ({}x{})", image.key, image.width_px, image.height_px))
        .collect();
    if oblong.is_empty() {
        return Ok(());
    }
    let shown = oblong
        .iter()
        .take(5)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    bail!(
        "{} patches are not square, and cropping is never silent: {shown}{}; set \
         data.non_square to 'stretch' or 'pad'",
        oblong.len(),
        if oblong.len() > 5 { ", ..." } else { "" }
    )
}

/// The classes, and the positive one: the configuration's, else the one that the names of two classes say. It is
/// asked for before a patch is read, so that nobody waits for the question.
fn task(config: &Config, classes: &[String]) -> Result<Task> {
    let named = Some(config.data.positive.as_str()).filter(|name| !name.is_empty());
    let weighted = config.train.loss == LossKind::Binary;
    if weighted && classes.len() > 2 && named.is_none() {
        bail!(
            "train.loss=binary weighs one class against the others, and there are {}: say which \
             with '--set data.positive=NAME' ({})",
            classes.len(),
            classes.join(", ")
        );
    }
    let written = "--set data.positive=";
    let positive = positive_class(classes, PositiveChoice { named, written })?;
    config.check_judge(classes.len())?;
    Ok(Task::new(classes.to_vec(), positive))
}
