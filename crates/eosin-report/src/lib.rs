//! The report of a run: one self-contained HTML file.
//!
//! [`render`] turns a [`Report`], a plain struct that the caller fills, into HTML with its style and
//! its charts (inline SVG) inside. The file asks nothing of the network, which its content security
//! policy also enforces; it follows the reader's light or dark preference and prints on white. Every
//! text that comes from outside is escaped. The same report gives the same bytes.
//!
//! Page one ([`PageOne`]) is for who would use the model, in plain words. What follows is for who reviews
//! it: the checklists are answered from the report itself, each item answered, not applicable, or left for
//! the author ([`checklist_shares`] counts them), and [`model_card`] writes the same as Markdown.
//!
//! Curves, histograms and calibration come from [`Evaluation::new`], which takes targets and
//! probabilities, so no caller computes a point of a plot. Metrics that are undefined are shown as
//! `undefined`, never as a number.
//!
//! ```
//! use eosin_metrics::Metric;
//! use eosin_report::{Evaluation, Report, render};
//!
//! let (targets, probs) = ([0, 1, 1], [0.9, 0.1, 0.2, 0.8, 0.6, 0.4]);
//! let judged = Evaluation::new("Test", "three patches", &targets, &probs, 2, 1)?;
//! assert_eq!(judged.metrics.get(Metric::Accuracy), Some(2.0 / 3.0));
//! # Ok::<(), eosin_metrics::MetricError>(())
//! ```

mod audit;
mod auditing;
mod base64;
mod card;
mod checklist;
mod deciding;
mod evaluation;
mod html;
mod model;
mod numbers;
mod page;
mod page_one;
mod picture;
mod plots;
mod robustness;
mod sections;
mod slices;
mod speaking;
mod study;
mod svg;

pub use audit::{AuditReport, LabelCard, PairCard, ProbeRow, render_audit};
pub use auditing::{AuditSummary, OptimismReport, ShortcutFact, ShortcutsReport};
pub use card::model_card;
pub use checklist::{ChecklistShare, checklist_shares};
pub use deciding::{
    CalibrationReport, CalibrationValues, DecidingReport, ThresholdReport, TwoClassCalibration,
    UsefulnessReport,
};
pub use evaluation::{ClassView, Evaluation};
pub use model::{
    CandidateReport, DataSummary, EnsembleReport, EpochPoint, Fact, FoldReport, HeatMap, Mime,
    PairsReport, Report, ShareReport, SplitCounts, Thumbnail, Timing, WrongPatch,
};
pub use page::render;
pub use page_one::{ClassFigures, Counted, Figure, PageOne};
pub use robustness::{RobustnessReport, ShiftCurve, ShiftPoint};
pub use slices::{SliceKindReport, SliceRow, SlicedPart, SlicesReport};
pub use speaking::{SpeakingClass, SpeakingPatch};
pub use study::{Check, Study};
