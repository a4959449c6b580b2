//! Ensembles against numbers worked by hand, scikit-learn and simulation.

mod goldens;
mod harmony;
mod methods;
mod nested;
mod searching;
mod simulation;
mod support;
