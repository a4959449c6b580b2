//! The sections of a report, each a function from the report to HTML.

mod auditing;
mod calibration;
mod checklists;
mod confusion;
mod curves;
mod ensemble;
mod folds;
mod head;
mod metrics;
mod model_card;
mod page_one;
mod pairs;
mod provenance;
mod robustness;
mod slices;
mod speaking;
mod usefulness;
mod wrong;

pub(crate) use auditing::{audit, selection};
pub(crate) use calibration::calibration;
pub(crate) use checklists::checklists;
pub(crate) use confusion::confusion;
pub(crate) use curves::{discrimination, probabilities};
pub(crate) use ensemble::ensemble;
pub(crate) use folds::{folds, learning};
pub(crate) use head::{data, summary, warnings};
pub(crate) use metrics::{metrics, per_class};
pub(crate) use model_card::model_card;
pub(crate) use page_one::page_one;
pub(crate) use pairs::pairs;
pub(crate) use provenance::{configuration, reproducibility, timings};
pub(crate) use robustness::robustness;
pub(crate) use slices::slices;
pub(crate) use speaking::speaking;
pub(crate) use usefulness::{sample_size, usefulness};
pub(crate) use wrong::wrong;
