//! The stages that commands share: from a folder to usable patches, folds and an experiment.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use eosin_core::Config;
use eosin_core::config::{LossKind, ResizePolicy};
use eosin_core::task::{PositiveChoice, positive_class};
use eosin_data::{
    DecodeLimits, Folds, IngestOptions, InspectOptions, Inspection, Manifest, SplitMethod,
    SplitOptions, read_manifest, split,
};
use eosin_metrics::Metric;
use eosin_models::BackboneSpec;
use eosin_store::{Cache, Checkpoints};
use eosin_train::{Experiment, PreparedBackbone};

use crate::args::{HubArgs, JobArgs};
use crate::interrupt;
use crate::named_weights;
use crate::output::note;
use crate::progress::watch_threads;
use crate::settings;

/// Problems printed in full before "and N more".
const PROBLEMS_SHOWN: usize = 20;

/// A job with its data found and checked.
pub struct Job {
    /// The resolved configuration.
    pub config: Config,
    /// The usable patches.
    pub manifest: Manifest,
    /// Keys left out by `--skip-bad`.
    pub skipped: Vec<String>,
    /// Side that the network is run at.
    pub size_px: usize,
    /// The class that binary metrics are about.
    pub positive: usize,
    /// The metric that picks epochs and the best fold.
    pub select: Metric,
    /// Where the patches are.
    pub data: PathBuf,
    /// How weights are found by name.
    pub hub: HubArgs,
}

impl Job {
    /// Resolves the configuration, finds the patches and checks every one.
    ///
    /// # Errors
    /// When anything cannot be used; problems with patches are all listed first.
    pub fn open(args: &JobArgs) -> Result<Self> {
        Self::new(settings::resolve(args)?, args.data(), &args.hub)
    }

    /// As [`open`](Self::open), with the configuration resolved before.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn new(config: Config, data: &Path, hub: &HubArgs) -> Result<Self> {
        let manifest = find_patches(data, &config)?;
        let positive = positive(&config, &manifest.classes)?;
        let inspection = inspect(&manifest, &config, true);
        let bad = inspection.bad_keys(config.data.size_px.is_none());
        if !bad.is_empty() {
            list_problems(&inspection);
            if !config.data.skip_bad {
                bail!(
                    "{} of {} patches cannot be used (listed above); mend them, or go on without \
                     them with '--skip-bad'",
                    bad.len(),
                    manifest.patches.len()
                );
            }
            note(&format!("going on without {} patches", bad.len()));
        }
        refuse_non_square(&config, &inspection)?;
        let manifest = if bad.is_empty() {
            manifest
        } else {
            manifest.without(&bad)
        };
        let size_px = network_size(&config, &inspection)?;
        Ok(Self {
            positive,
            select: config.train.select.parse()?,
            hub: hub.clone(),
            data: data.to_owned(),
            skipped: bad.into_iter().collect(),
            config,
            manifest,
            size_px,
        })
    }

    /// The network that the configuration asks for.
    ///
    /// # Errors
    /// When its weights cannot be used or the patches are too small for it.
    pub fn backbone(&self) -> Result<PreparedBackbone> {
        let (config, classes) = (&self.config, self.manifest.classes.len());
        let named = named_weights::find(&config.backbone, &self.hub)?;
        let backbone = PreparedBackbone::new(
            &config.backbone,
            named.as_ref(),
            (classes, self.size_px),
            config.seed,
        )?;
        // Asking for more stages than there are is refused before anything is written.
        backbone.cut(&config.train)?;
        for text in &backbone.notes {
            note(&format!("weights: {text}"));
        }
        Ok(backbone)
    }

    /// The experiment on these folds, which from now on ends in order when it is interrupted.
    ///
    /// # Errors
    /// When the operating system lets nobody listen for interruptions.
    pub fn experiment<'a>(
        &'a self,
        folds: &'a Folds,
        backbone: &'a PreparedBackbone,
        cache: &'a Cache,
        checkpoints: Option<&'a Checkpoints>,
    ) -> Result<Experiment<'a>> {
        Ok(Experiment {
            config: &self.config,
            manifest: &self.manifest,
            folds,
            backbone,
            cache,
            size_px: self.size_px,
            positive: self.positive,
            select: self.select,
            checkpoints,
            interrupt: interrupt::flag()?,
        })
    }

    /// Divides the patches as the configuration says.
    ///
    /// # Errors
    /// When there are too few patches or groups, or a group is on both sides of a given split.
    pub fn split(&self) -> Result<Folds> {
        let config = &self.config.split;
        let has_val = self
            .manifest
            .patches
            .iter()
            .any(|patch| patch.split == Some(eosin_core::Split::Val));
        let method = match config.holdout {
            _ if has_val => SplitMethod::Predefined,
            Some(_) => SplitMethod::HoldOut,
            None => SplitMethod::KFold,
        };
        let options = SplitOptions {
            method,
            k: config.folds,
            repeats: config.repeats,
            val_fraction: config
                .holdout
                .unwrap_or(SplitOptions::default().val_fraction),
            group: config.group,
            seed: self.config.seed,
        };
        let (folds, warnings) = split(&self.manifest, &options)?;
        for warning in warnings {
            note(&format!("warning: {warning}"));
        }
        Ok(folds)
    }
}

/// Finds the patches of a folder or manifest file.
///
/// # Errors
/// When there is nothing usable, or it is ambiguous.
pub fn find_patches(data: &Path, config: &Config) -> Result<Manifest> {
    let classes = &config.data.classes;
    let options = IngestOptions {
        classes: (!classes.is_empty()).then(|| classes.clone()),
        ..IngestOptions::default()
    };
    let manifest = read_manifest(data, &options)?;
    for line in &manifest.notes {
        note(&format!("note: {line}"));
    }
    Ok(manifest)
}

/// Reads every patch, with progress.
pub fn inspect(manifest: &Manifest, config: &Config, decode: bool) -> Inspection {
    let options = InspectOptions {
        decode,
        limits: DecodeLimits {
            max_side_px: config.data.max_side_px,
            ..DecodeLimits::default()
        },
        sizes_may_differ: config.data.size_px.is_some(),
    };
    let (inspection, progress) = watch_threads("inspect", "patches", |tell| {
        eosin_data::inspect(manifest, &options, tell)
    });
    let found = format!(
        "{} patches, {} problems",
        inspection.patches,
        inspection.problems.len()
    );
    progress.finish(&found);
    inspection
}

/// Prints the problems with patches, each with what to do.
pub fn list_problems(inspection: &Inspection) {
    for problem in inspection.problems.iter().take(PROBLEMS_SHOWN) {
        note(&format!(
            "  {}: {}; {}",
            problem.key, problem.message, problem.fix
        ));
    }
    let more = inspection.problems.len().saturating_sub(PROBLEMS_SHOWN);
    if more > 0 {
        note(&format!(
            "  and {more} more: 'eosin inspect --json' lists all"
        ));
    }
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

/// The positive class: the configuration's, else the one that the names of two classes say. It is
/// asked for before a patch is read, so that nobody waits for the question.
fn positive(config: &Config, classes: &[String]) -> Result<usize> {
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
    Ok(positive_class(classes, PositiveChoice { named, written })?)
}
