//! Rows drawn anew: what a metric would have been on other patients of the same kind.

mod bca;
mod bootstrap;
mod counted_rows;
mod resamples;
mod values;

pub use bootstrap::Bootstrap;
pub use counted_rows::CountedRows;
pub(crate) use counted_rows::ranked_classes;
pub use resamples::Resamples;
pub use values::MetricValues;
