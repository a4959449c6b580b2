//! Looking at every image before any work begins.

mod contradictions;
mod counts;
mod problem;
mod scan;
mod shortcuts;
mod size;

pub use counts::{ClassCount, GroupCounts};
pub use problem::{Problem, ProblemKind};
pub use scan::{ImageInfo, InspectOptions, Inspected, Inspection, inspect};
