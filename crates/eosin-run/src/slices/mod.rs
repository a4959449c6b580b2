//! How a run does on parts of its patches: by patient, slide, class, size, stain and source.

mod divisions;
mod find;
mod record;
mod report;
mod sources;
mod stains;

pub(crate) use self::find::{find_slices, keep_slices};
pub use self::record::{
    KindSlices, NotDivided, PartSlices, SliceKind, SliceRecord, SlicesRecord, WorstRecord,
    slices_of_run,
};
pub(crate) use self::report::slices_report;
