//! `eosin report`: the report of a finished run again, with or without its patches.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::Config;
use eosin_data::Patches;
use eosin_report::{ChecklistShare, Report, checklist_shares, model_card, render};
use eosin_store::{Existing, RunFolder, names, write_atomic};
use serde::{Deserialize, Serialize};

use crate::compare::check_prevalence;
use crate::create::{Overwrite, begun_with};
use crate::event::WatchRun;
use crate::look::{Look, find_patches, inspect};
use crate::out_file::check_out_file;
use crate::pdf::{Browser, print};
use crate::report::{Pictured, report_of};
use crate::settings::config_of_run;

/// What only a person can tell a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportAsked {
    /// What the model is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended_use: Option<String>,
    /// The share of positive patches that predictive values are wanted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prevalence: Option<f64>,
}

impl ReportAsked {
    /// What the run's report was told before; nothing where it was told nothing.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(crate) fn of(folder: &RunFolder) -> Result<Self> {
        if !folder.path(names::REPORT_ASKED).is_file() {
            return Ok(Self::default());
        }
        Ok(folder.read_json(names::REPORT_ASKED)?)
    }

    /// The same with what is told now in its place.
    fn with(self, now: &Self) -> Self {
        Self {
            intended_use: now.intended_use.clone().or(self.intended_use),
            prevalence: now.prevalence.or(self.prevalence),
        }
    }
}

/// Which report is wanted, and where.
#[derive(Clone, Debug, Default)]
pub struct ReportArgs {
    /// Folder of a finished run.
    pub run: PathBuf,
    /// Where its patches are now; `None`: where they were.
    pub data: Option<PathBuf>,
    /// What the report is told.
    pub asked: ReportAsked,
    /// File to write instead of `report.html` in the run folder.
    pub out: Option<PathBuf>,
    /// Whether a file of that name is replaced.
    pub overwrite: Overwrite,
    /// What prints it, where a PDF is wanted, too.
    pub print: Option<Browser>,
}

/// A report that was written.
#[derive(Clone, Debug)]
pub struct ReportMade {
    /// The report.
    pub html: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The model card.
    pub card: PathBuf,
    /// The report as printed.
    pub pdf: Option<PathBuf>,
    /// How much of each checklist it answers.
    pub checklists: Vec<ChecklistShare>,
    /// What is to be known, sentences.
    pub notes: Vec<String>,
}

/// Writes the report of a finished run, and its model card; where its patches are no longer there, without
/// pictures.
///
/// # Errors
/// When it is no finished run, a file of it is damaged, the patches that were named are not those of the run,
/// the prevalence is no share, or a file cannot be written or printed.
pub fn report(args: &ReportArgs, watch: &dyn WatchRun) -> Result<ReportMade> {
    args.asked.prevalence.map_or(Ok(()), check_prevalence)?;
    let folder = open(args)?;
    let config = config_of_run(&folder)?;
    let source = match &args.data {
        Some(data) => data.clone(),
        None => begun_with(&folder)?.data,
    };
    let found = patches(&folder, &config, &source, watch);
    let (patches, missing) = match (found, &args.data) {
        (Ok(patches), _) => (Some(patches), None),
        (Err(why), Some(_)) => return Err(why),
        (Err(why), None) => (None, Some(format!("{why:#}"))),
    };
    let pictured = Pictured {
        patches: patches.as_ref(),
        source: &source,
        missing: missing.as_deref(),
    };
    let before = ReportAsked::of(&folder)?;
    let asked = before.clone().with(&args.asked);
    let report = report_of(&folder, &pictured, &asked)?;
    let mut made = write(&folder, args, &report)?;
    if args.out.is_none() {
        if asked != before {
            folder.write_json(names::REPORT_ASKED, &asked)?;
        }
        // A page that was printed before says something else.
        folder.remove(names::REPORT_PDF)?;
    }
    made.notes = notes(&report, missing);
    if let Some(browser) = &args.print {
        let pdf = beside(&folder, args, names::REPORT_PDF, "pdf");
        print(browser, &made.html, &pdf)?;
        made.pdf = Some(pdf);
    }
    Ok(made)
}

fn notes(report: &Report, missing: Option<String>) -> Vec<String> {
    let mut notes: Vec<String> = missing
        .map(|why| format!("the report has no pictures: {why}"))
        .into_iter()
        .collect();
    if report.classes.len() > 2 && report.page_one.prevalence.is_some() {
        notes.push(
            "there are more than two classes: the prevalence is taken for each class in turn, against the rest"
                .to_owned(),
        );
    }
    notes
}

/// The run; locked where the report goes into its folder.
fn open(args: &ReportArgs) -> Result<RunFolder> {
    let run = &args.run;
    if run.join(names::START).is_file() && !run.join(names::RUN).is_file() {
        bail!(
            "{} is not finished, so there is nothing to report yet; go on with it by 'eosin run --resume {0}'",
            run.display()
        );
    }
    let folder = RunFolder::open(run)?;
    match &args.out {
        Some(out) => {
            for path in [
                out.clone(),
                out.with_extension("md"),
                out.with_extension("pdf"),
            ] {
                let is_wanted =
                    args.print.is_some() || path.extension().is_none_or(|end| end != "pdf");
                if is_wanted {
                    check_out_file(&path, args.overwrite)?;
                }
            }
            Ok(folder)
        }
        None => Ok(RunFolder::create(run, Existing::Resume)?),
    }
}

fn beside(folder: &RunFolder, args: &ReportArgs, name: &str, ending: &str) -> PathBuf {
    match &args.out {
        Some(out) => out.with_extension(ending),
        None => folder.path(name),
    }
}

fn write(folder: &RunFolder, args: &ReportArgs, report: &Report) -> Result<ReportMade> {
    let html = render(report);
    let card = model_card(report);
    let card_path = beside(folder, args, names::MODEL_CARD, "md");
    let path = if let Some(out) = &args.out {
        write_atomic(out, html.as_bytes())?;
        write_atomic(&card_path, card.as_bytes())?;
        out.clone()
    } else {
        folder.write(names::REPORT, &html)?;
        folder.write(names::MODEL_CARD, card)?;
        folder.path(names::REPORT)
    };
    Ok(ReportMade {
        html: path,
        bytes: html.len() as u64,
        card: card_path,
        pdf: None,
        checklists: checklist_shares(report),
        notes: Vec::new(),
    })
}

/// The patches of a run, where they are still what they were.
fn patches(
    folder: &RunFolder,
    config: &Config,
    data: &Path,
    watch: &dyn WatchRun,
) -> Result<Patches> {
    if !data.exists() {
        bail!(
            "the patches are no longer in {}: '--data DIR' says where they are now",
            data.display()
        );
    }
    let record = folder.record()?;
    let manifest = find_patches(data, config, watch)
        .with_context(|| format!("the patches in {} cannot be read", data.display()))?;
    let found = inspect(&manifest, config, Look::Whole, watch)?;
    let bad = found.inspection.bad_keys(config.data.size_px.is_none());
    let patches = Patches::new(&manifest, found.contents, &bad);
    if patches.content_hash() != record.patches_hash {
        bail!(
            "the patches in {} are not those of the run (their hash is another): give the folder that it was made \
             on by '--data DIR'",
            data.display()
        );
    }
    Ok(patches)
}
