//! Heads against scikit-learn, and against themselves.

mod closed_forms;
mod solver;
mod support;
