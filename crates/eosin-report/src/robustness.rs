//! What a report shows of robustness.

use eosin_metrics::{Interval, Metric};

/// How the run does under shifts of stated strength.
#[derive(Clone, Debug)]
pub enum RobustnessReport {
    /// It is not known.
    NotMeasured {
        /// What measures it.
        command: String,
    },
    /// It was measured.
    Measured {
        /// On whom, and what is worst, a paragraph each.
        sentences: Vec<String>,
        /// The metric that is shown.
        metric: Metric,
        /// The shifts of each kind.
        curves: Vec<ShiftCurve>,
    },
}

/// Shifts of one kind.
#[derive(Clone, Debug)]
pub struct ShiftCurve {
    /// What changes, and in what its strength is counted.
    pub name: String,
    /// The strength that changes nothing.
    pub unchanged: f64,
    /// The metric without a shift.
    pub before: Option<f64>,
    /// Each that was tried.
    pub points: Vec<ShiftPoint>,
}

impl ShiftCurve {
    /// Everything that a chart of it shows upwards.
    pub(crate) fn heights(&self) -> Vec<f64> {
        let of_point = |point: &ShiftPoint| {
            let ends = self.before.zip(point.interval);
            let ends = ends.map(|(before, of)| [before + of.ci_low, before + of.ci_high]);
            point
                .after
                .into_iter()
                .chain(ends.into_iter().flatten())
                .collect::<Vec<f64>>()
        };
        let points = self.points.iter().flat_map(of_point);
        self.before.into_iter().chain(points).collect()
    }
}

/// A shift.
#[derive(Clone, Debug)]
pub struct ShiftPoint {
    /// What it is called.
    pub name: String,
    /// How strong it is.
    pub strength: f64,
    /// The metric under it.
    pub after: Option<f64>,
    /// Less the metric without.
    pub difference: Option<f64>,
    /// The 95 % interval of the difference.
    pub interval: Option<Interval>,
    /// Share of the answers that are others.
    pub changed_share: f64,
    /// Its 95 % interval.
    pub changed_interval: Option<Interval>,
}
