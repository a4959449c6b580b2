//! The charts of a report, each a figure in HTML.

mod decision_curve;
mod histogram;
mod learning;
mod pr;
mod reliability;
mod reliability_points;
mod roc;
mod shifts;

pub(crate) use decision_curve::decision_curve;
pub(crate) use histogram::histograms;
pub(crate) use learning::{learning_of_fold, learning_overview};
pub(crate) use pr::pr;
pub(crate) use reliability::reliability;
pub(crate) use reliability_points::reliability_points;
pub(crate) use roc::roc;
pub(crate) use shifts::shift_curve;

/// The style class of the n-th curve: eight colours, then the same dashed.
fn series(index: usize) -> String {
    let colour = index % 8;
    if index < 8 {
        format!("c{colour}")
    } else {
        format!("c{colour} dashed")
    }
}
