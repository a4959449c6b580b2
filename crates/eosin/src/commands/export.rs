//! `eosin export`: a run's model for other programs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::FoldId;
use eosin_core::config::Symmetries;
use eosin_models::{
    OnnxEnsembleOptions, OnnxFile, OnnxInput, OnnxOptions, ensemble_to_onnx, to_onnx,
};
use eosin_run::{
    HalfEffect, HalfSubject, Overwrite, check_out_file, measure_half_precision, weight_store,
};
use eosin_store::{RunFolder, RunRecord, WeightStore, names, write_atomic_with};
use eosin_train::{EnsembleNetwork, FoldNetwork, UseFolds, has_mean};
use eosin_weights::{StoredAs, safetensors_bytes, write_safetensors};
use serde::Serialize;

use crate::args::{ExportArgs, ExportFormat, ExportPrecision};
use crate::commands::export_beside::Beside;
use crate::commands::export_subject::Subject;
use crate::commands::predict::which_folds;
use crate::output::{bytes, note, say, say_json};

/// A model about to be written.
struct Model {
    folder: RunFolder,
    record: RunRecord,
    /// Which fold; `None`: the mean of all.
    place: Option<FoldId>,
    /// What no model file holds: the stain that patches were given, and how the run decides.
    beside: [Option<Beside>; 2],
    store: WeightStore,
    subject: Subject,
    path: PathBuf,
    format: ExportFormat,
}

/// What was written, in JSON.
#[derive(Serialize)]
struct Written {
    path: PathBuf,
    bytes: u64,
    precision: &'static str,
    /// Which fold it is, or `mean`: of all.
    fold: String,
    /// Views of an image whose mean logit 'eosin predict' gives; the file itself predicts from one.
    views_of_run: usize,
    /// Sizes of an image that these are at; the file sees the first.
    sizes_of_run: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    half_precision: Option<HalfEffect>,
    /// What images must be made like in stain before the file sees them.
    #[serde(skip_serializing_if = "Option::is_none")]
    stain: Option<PathBuf>,
    /// How the run calibrates and decides, which the file does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<PathBuf>,
}

/// Writes one file a run.
///
/// # Errors
/// When a run cannot be read, a file is there already, or no precision fits the limit. Then nothing
/// is written.
pub fn run(args: &ExportArgs, json: bool) -> Result<ExitCode> {
    let models = args.runs.iter().map(|run| Model::open(args, run));
    let models: Vec<Model> = models.collect::<Result<_>>()?;
    refuse_clashes(&models, args)?;
    let stored_as = choose(&models, args)?;
    if stored_as == StoredAs::F16 && args.data.is_some() {
        refuse_unmeasurable(&models)?;
    }
    let mut written = Vec::new();
    for model in &models {
        let half_precision = match (&args.data, &model.subject) {
            (Some(data), Subject::Network(network)) if stored_as == StoredAs::F16 => {
                let subject = HalfSubject {
                    fold: model.place.unwrap_or(model.record.best),
                    network,
                };
                Some(measure_half_precision(
                    &model.folder,
                    &model.store,
                    subject,
                    data,
                )?)
            }
            _ => None,
        };
        model.write(args, stored_as)?;
        let beside = model.beside.each_ref();
        let [stain, decision] = beside.map(|file| file.as_ref().map(Beside::write).transpose());
        written.push(Written {
            path: model.path.clone(),
            bytes: std::fs::metadata(&model.path)?.len(),
            precision: word(stored_as),
            fold: model
                .place
                .map_or_else(|| "mean".to_owned(), |place| model.record.fold_name(place)),
            views_of_run: model.record.view_count(),
            sizes_of_run: 1 + model.record.other_sizes.len(),
            half_precision,
            stain: stain?,
            decision: decision?,
        });
    }
    if json {
        say_json(&serde_json::json!({ "files": written }))?;
    } else {
        report(&written, args);
    }
    Ok(ExitCode::SUCCESS)
}

fn report(written: &[Written], args: &ExportArgs) {
    for file in written {
        let size = bytes(file.bytes);
        say(&format!(
            "{}  {size}  {}",
            file.path.display(),
            file.precision
        ));
        if let Some(effect) = &file.half_precision {
            say(&effect.to_string());
        }
    }
    if let Some(symmetries) = written
        .iter()
        .map(|file| file.views_of_run / file.sizes_of_run)
        .max()
        .filter(|n| *n > 1 && !args.orbit)
    {
        note(&format!(
            "an exported model predicts from one view of an image; 'eosin predict' and the run's scores \
             are of the mean logit over {symmetries} symmetries: have an ONNX graph average them with \
             '--orbit'"
        ));
    }
    if let Some(sizes) = written
        .iter()
        .map(|file| file.sizes_of_run)
        .max()
        .filter(|n| *n > 1)
    {
        note(&format!(
            "an exported model sees an image at one size; 'eosin predict' and the run's scores are of \
             the mean logit over {sizes} sizes (augment.sizes_px)"
        ));
    }
    for stain in written.iter().filter_map(|file| file.stain.as_ref()) {
        note(&format!(
            "warning: the run's patches were given one stain, which no model file holds: give images the \
             same before the model sees them, as '--target {0} --out DIR' of 'eosin stain' does ({0} says \
             method and numbers); 'eosin predict' does it by itself",
            stain.display()
        ));
    }
    for decision in written.iter().filter_map(|file| file.decision.as_ref()) {
        note(&format!(
            "warning: the file gives the run's logits as they are; how the run calibrates them and decides, \
             which no model file holds, is in {}: the log odds z of the positive class, its logit less the \
             other's, become slope z + intercept (platt), z / temperature, or a curve (isotonic), and the \
             positive class counts from z = log_odds on; 'eosin predict' does it by itself",
            decision.display()
        ));
    }
    let half = written.iter().any(|file| file.precision == "f16");
    if half && args.data.is_none() {
        note(
            "name the run's patches with '--data DIR' to see what half precision does to the scores",
        );
    }
}

/// Says that a file holds one fold of several, where nobody asked for one.
fn tell_one_of_many(run: &Path, record: &RunRecord, place: FoldId) {
    let count = record.fold_ids().count();
    if count > 1 {
        note(&format!(
            "note: the {count} folds of {run} are no one network: only fold {}, the best by its \
             validation part, is written, and 'eosin predict' gives the mean of all {count}; choose \
             another with '--fold', or write each to a file of its own",
            record.fold_name(place),
            run = run.display()
        ));
    }
}

const fn word(stored_as: StoredAs) -> &'static str {
    match stored_as {
        StoredAs::F32 => "f32",
        StoredAs::F16 => "f16",
        StoredAs::Bf16 => "bf16",
    }
}

/// The fold that is written; `None`: the mean of all.
fn which_place(args: &ExportArgs, record: &RunRecord) -> Result<Option<FoldId>> {
    match args.fold.as_deref() {
        None if has_mean(record) || record.ensemble().is_some() => Ok(None),
        asked => match which_folds(Some(asked.unwrap_or("best")), record)? {
            UseFolds::One(place) => Ok(Some(place)),
            UseFolds::Average => Ok(None),
        },
    }
}

fn refuse_flags(args: &ExportArgs, format: ExportFormat) -> Result<()> {
    if args.pixels && format != ExportFormat::Onnx {
        bail!(
            "only an ONNX graph can scale pixels: leave '--pixels' out or write '--out model.onnx'"
        );
    }
    if args.orbit && format != ExportFormat::Onnx {
        bail!(
            "only an ONNX graph can average views: leave '--orbit' out or write '--out model.onnx'"
        );
    }
    Ok(())
}

impl Model {
    fn open(args: &ExportArgs, run: &Path) -> Result<Self> {
        let folder = RunFolder::open(run)?;
        let record: RunRecord = folder.record()?;
        let place = which_place(args, &record)?;
        if let (None, Some(place)) = (&args.fold, place) {
            tell_one_of_many(run, &record, place);
        }
        let (path, format) = target(args, run)?;
        refuse_flags(args, format)?;
        Ok(Self {
            subject: Subject::load(args, &folder, place, format)?,
            beside: [
                Beside::of_stain(&folder, &record, &path)?,
                Beside::of_decision(&record, &path)?,
            ],
            store: weight_store(&folder)?,
            folder,
            record,
            place,
            path,
            format,
        })
    }

    /// Writes the file.
    fn write(&self, args: &ExportArgs, stored_as: StoredAs) -> Result<()> {
        if let Some(FoldNetwork { network, notes, .. }) = self.as_safetensors() {
            write_atomic_with(&self.path, |out| {
                write_safetensors(out, network.weights(), notes, stored_as)
            })?;
        } else {
            let onnx = self.onnx(args, stored_as)?;
            write_atomic_with(&self.path, |out| onnx.write(out))?;
        }
        Ok(())
    }

    /// The network, where it becomes safetensors.
    const fn as_safetensors(&self) -> Option<&FoldNetwork> {
        match (self.format, &self.subject) {
            (ExportFormat::Safetensors, Subject::Network(network)) => Some(network),
            _ => None,
        }
    }

    /// Length of the file, in bytes.
    fn size(&self, args: &ExportArgs, stored_as: StoredAs) -> Result<usize> {
        Ok(match self.as_safetensors() {
            Some(FoldNetwork { network, notes, .. }) => {
                safetensors_bytes(network.weights(), notes, stored_as)
            }
            None => self.onnx(args, stored_as)?.bytes(),
        })
    }

    fn onnx(&self, args: &ExportArgs, stored_as: StoredAs) -> Result<OnnxFile> {
        let FoldNetwork {
            network,
            preprocess,
            notes,
            ..
        } = match &self.subject {
            Subject::Network(network) => network,
            Subject::Ensemble(EnsembleNetwork {
                onnx,
                size_px,
                notes,
            }) => {
                let options = OnnxEnsembleOptions {
                    size_px: *size_px,
                    stored_as,
                };
                return Ok(ensemble_to_onnx(onnx, &options, notes)?);
            }
        };
        let input = if args.pixels {
            OnnxInput::Pixels {
                mean: preprocess.scale.mean,
                std: preprocess.scale.std,
            }
        } else {
            OnnxInput::Scaled
        };
        let options = OnnxOptions {
            size_px: self.record.size_px(),
            input,
            views: if args.orbit {
                self.record.views.members()
            } else {
                Symmetries::None.members()
            },
            stored_as,
        };
        Ok(to_onnx(network, &options, notes)?)
    }
}

/// Where one run's model goes, and as what.
fn target(args: &ExportArgs, run: &Path) -> Result<(PathBuf, ExportFormat)> {
    let ending = args.out.extension().and_then(|ending| ending.to_str());
    let named = match ending {
        Some("onnx") => Some(ExportFormat::Onnx),
        Some("safetensors") => Some(ExportFormat::Safetensors),
        _ => None,
    };
    match named {
        Some(format) if args.runs.len() == 1 => Ok((args.out.clone(), format)),
        Some(_) => bail!(
            "--out {} is one file for {} runs; name a folder",
            args.out.display(),
            args.runs.len()
        ),
        None if args.out.is_dir() => {
            let name = std::path::absolute(run)?;
            let name = name.file_name().context("a run folder has a name")?;
            let ending = match args.format {
                ExportFormat::Onnx => "onnx",
                ExportFormat::Safetensors => "safetensors",
            };
            let file = format!("{}.{ending}", name.to_string_lossy());
            Ok((args.out.join(file), args.format))
        }
        None => bail!(
            "--out {} ends neither in .onnx nor in .safetensors, and is no folder",
            args.out.display()
        ),
    }
}

/// What half precision does is measured of one network.
fn refuse_unmeasurable(models: &[Model]) -> Result<()> {
    for model in models {
        if let Subject::Ensemble(_) = model.subject {
            bail!(
                "'--data' measures what half precision does to one network, and {} is several: export its \
                 members one by one, or leave '--data' out",
                model.folder.dir().display()
            );
        }
    }
    Ok(())
}

fn refuse_clashes(models: &[Model], args: &ExportArgs) -> Result<()> {
    for (index, model) in models.iter().enumerate() {
        let path = model.path.display();
        if models[..index].iter().any(|other| other.path == model.path) {
            bail!("two runs would both be written to {path}: rename one run folder");
        }
        check_out_file(&model.path, Overwrite::of_flag(args.overwrite))?;
        for beside in model.beside.iter().flatten() {
            beside.refuse_other(Overwrite::of_flag(args.overwrite))?;
        }
        refuse_stained_members(model)?;
    }
    Ok(())
}

/// One graph sees each image once, so members must have been given the same stain.
fn refuse_stained_members(model: &Model) -> Result<()> {
    let Some(ensemble) = model.record.ensemble() else {
        return Ok(());
    };
    for at in 0..ensemble.members.len() {
        let stain = format!("{}/{at}/{}", names::MEMBERS, names::STAIN);
        if model.folder.has(&stain) {
            bail!(
                "member {} of {} was trained on patches of one stain, which no model file holds; use \
                 'eosin predict', or export its members one by one",
                ensemble.members[at].name,
                model.folder.dir().display()
            );
        }
    }
    Ok(())
}

/// The precision asked for, or the best one that fits the limit.
fn choose(models: &[Model], args: &ExportArgs) -> Result<StoredAs> {
    let size = |stored_as| -> Result<u64> {
        let sizes = models.iter().map(|model| model.size(args, stored_as));
        Ok(sizes.sum::<Result<usize>>()? as u64)
    };
    let asked = args.precision.map(|precision| match precision {
        ExportPrecision::F32 => StoredAs::F32,
        ExportPrecision::F16 => StoredAs::F16,
    });
    let Some(limit) = args.max_bytes else {
        return Ok(asked.unwrap_or(StoredAs::F32));
    };
    let tried = asked.map_or(vec![StoredAs::F32, StoredAs::F16], |asked| vec![asked]);
    let mut sizes = Vec::new();
    for stored_as in tried {
        let needed = size(stored_as)?;
        if needed <= limit {
            if let Some(too_large) = sizes.first() {
                note(&format!(
                    "weights are stored as {}: {too_large}, more than the {limit} allowed",
                    word(stored_as)
                ));
            }
            return Ok(stored_as);
        }
        sizes.push(format!("{} would take {needed} bytes", word(stored_as)));
    }
    bail!(
        "{} model(s) do not fit {limit} bytes: {}; raise '--max-bytes', or leave models out",
        models.len(),
        sizes.join(", ")
    )
}
