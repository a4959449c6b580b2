//! Jobs and runs, for whoever starts them: a command line, a server, a search, Python.
//!
//! A [`Job`] is a checked plan: a resolved configuration, and patches that were looked at once.
//! [`create`] carries it out into a run folder, [`resume`] goes on with one that was left, [`run`]
//! does all from a configuration on, [`ensemble()`] makes one run of several, [`search()`] tries
//! configurations, [`compare()`] says how runs differ, [`report()`] makes the report of one again, [`pack()`] makes a run independent of where its weights lie, and
//! [`make_submission`] takes one to a contest. Nothing here prints: what happens is told to a [`Watch`](eosin_core::Watch) of
//! [`RunEvent`]s, which may also end the work.
//!
//! ```
//! use eosin_core::{Config, Unwatched};
//! use eosin_data::{PhantomOptions, write_phantom};
//! use eosin_run::{HubOptions, Place, RunArgs, run};
//!
//! # fn main() -> anyhow::Result<()> {
//! let folder = tempfile::tempdir()?;
//! let data = folder.path().join("patches");
//! let few = PhantomOptions { patients: 4, patches_per_slide: 4, ..PhantomOptions::default() };
//! write_phantom(&data, &few, &|_, _| ())?;
//! let mut config = Config::default();
//! config.split.folds = Some(2);
//! config.train.epochs = 2;
//! config.cache.dir = folder.path().join("cache").display().to_string();
//! let finished = run(
//!     &RunArgs { config, data, hub: HubOptions::default() },
//!     &Place { out: folder.path().join("run"), ..Place::default() },
//!     &Unwatched,
//! )?;
//! assert_eq!(finished.result.folds.len(), 2);
//! assert!(folder.path().join("run/report.html").is_file());
//! # Ok(())
//! # }
//! ```

mod audit;
mod carry_out;
mod compare;
mod create;
mod datathon;
mod decision;
mod describe;
mod embeddings_out;
mod ensemble;
mod ensemble_findings;
mod ensemble_report;
mod event;
mod explain;
mod gallery;
mod half_precision;
mod job;
mod judgement;
mod ledger;
mod log;
mod look;
mod members;
mod named_weights;
mod other_folds;
mod out_file;
mod pack;
mod pdf;
mod record;
mod report;
mod report_again;
mod report_audit;
mod report_decision;
mod report_evaluations;
mod report_facts;
mod report_folds;
mod report_listed;
mod report_page_one;
mod report_study;
mod robustness;
mod search;
mod settings;
mod slices;
mod speaking;
mod start;
mod submit;
mod tensorboard;
mod thumbnail;
mod timings;
mod weights_used;

pub use audit::{AuditArgs, AuditOut, AuditRecord, Audited, InRun, PairCounts, PairRecord, audit};
pub use compare::{
    CompareArgs, Comparison, DeLongTest, Estimate, MetricDifference, PartComparison, RunDifference,
    RunEstimates, TestKind, check_prevalence, compare,
};
pub use create::{
    Finished, Overwrite, Place, Resumed, RunArgs, create, lies_in, resume, run, weight_store,
};
pub use datathon::{datathon_key, datathon_line, refuse_same_stems};
pub use decision::decision_text;
pub use embeddings_out::EmbeddingsOut;
pub use ensemble::{EnsembleArgs, EnsembleChoice, Ensembled, ensemble};
pub use ensemble_findings::{EnsembleFindings, SearchLimits};
pub use eosin_audit::Probed;
pub use eosin_report::ChecklistShare;
pub use event::{RunEvent, WatchRun};
pub use explain::{
    Asked, ExplainArgs, ExplainOut, ExplainedRun, Explanation, Explanations, Nearest, NearestAsked,
    NearestOf, Neighbour, Sanity, open_explainers, sanity_check, with_nearest,
};
pub use half_precision::{HalfEffect, HalfSubject, measure_half_precision};
pub use job::{Job, split_options};
pub use judgement::{Answer, Judgement};
pub use look::{Look, find_patches, inspect};
pub use members::open_member;
pub use named_weights::{HubOptions, open_hub, resolve_weights};
pub use other_folds::{FoldsCompared, OtherFolds};
pub use out_file::check_out_file;
pub use pack::{Packed, pack};
pub use pdf::Browser;
pub use record::{seen_warning, task_of};
pub use report::duration;
pub use report_again::{ReportArgs, ReportAsked, ReportMade, report};
pub use robustness::{
    Begins, MetricShift, Robustness, RobustnessArgs, RobustnessRecord, ShiftProgress, ShiftRecord,
    WorstShift, robustness,
};
pub use search::{
    ChangedKey, HeldOut, HonestScore, Outcome, Prune, Replayed, Score, SearchArgs, SearchFindings,
    Searched, StudyRecord, TrialRow, export_journal, findings, replay, search,
};
pub use settings::{Setting, cache_dir, config_of_run, parse_settings, resolve};
pub use slices::{
    KindSlices, NotDivided, PartSlices, SliceKind, SliceRecord, SlicesRecord, WorstRecord,
    slices_of_run,
};
pub use submit::{
    MadeSubmission, PlannedSubmission, ReturnedScore, RuleChanges, Submission, SubmissionPlan,
    SubmissionRules, SubmissionRun, make_submission, plan_submissions, record_score,
};
pub use timings::Timings;
pub use weights_used::{WeightsUsed, weights_used};
