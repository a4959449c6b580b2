//! Ensembles against numbers worked by hand, scikit-learn and simulation.

mod methods;
mod searching;
mod support;
