//! The sections of a report, each a function from the report to HTML.

mod confusion;
mod curves;
mod ensemble;
mod folds;
mod head;
mod metrics;
mod pairs;
mod provenance;
mod robustness;
mod slices;
mod speaking;
mod wrong;

pub(crate) use confusion::confusion;
pub(crate) use curves::{calibration, discrimination, probabilities};
pub(crate) use ensemble::ensemble;
pub(crate) use folds::{folds, learning};
pub(crate) use head::{data, summary, warnings};
pub(crate) use metrics::{metrics, per_class};
pub(crate) use pairs::pairs;
pub(crate) use provenance::{configuration, reproducibility, timings};
pub(crate) use robustness::robustness;
pub(crate) use slices::slices;
pub(crate) use speaking::speaking;
pub(crate) use wrong::wrong;
