//! `robustness.json`.

use eosin_data::augment::Shift;
use eosin_metrics::{Interval, Metric, Unit};
use eosin_train::Part;
use serde::{Deserialize, Serialize};

/// How a run does under shifts of stated strength.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RobustnessRecord {
    /// Version of eosin.
    pub eosin_version: String,
    /// Which patches: of the test part by the mean of all folds, or each by the fold that did not see it.
    pub part: Part,
    /// How many.
    pub patches: usize,
    /// How many they were drawn from.
    pub of: usize,
    /// What is taken for independent.
    pub by: Unit,
    /// How many of these there are.
    pub groups: usize,
    /// What has drawn them.
    pub seed: u64,
    /// The metric that the run was selected by.
    pub select: Metric,
    /// Micrometres a pixel, where they are known.
    pub mpp: Option<f64>,
    /// The shift under which the metric is worst; `None` where it is worse under none, or undefined.
    pub worst: Option<WorstShift>,
    /// From which strength on it tells.
    pub begins: Vec<Begins>,
    /// Every shift.
    pub shifts: Vec<ShiftRecord>,
}

/// The worst shift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstShift {
    /// What it is called.
    pub name: String,
    /// What it does.
    #[serde(flatten)]
    pub metric: MetricShift,
}

/// Shifts of one kind that go one way, by strength.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begins {
    /// Those that were tried, the weakest first.
    pub tried: Vec<String>,
    /// The weakest under which a twentieth of the answers or more change.
    pub answers_change: Option<String>,
    /// The weakest under which the whole interval of the metric's difference is on the worse side of 0.
    pub score_falls: Option<String>,
}

/// What a shift does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftRecord {
    /// Its kind and strength.
    #[serde(flatten)]
    pub shift: Shift,
    /// What it is called.
    pub name: String,
    /// Patches that are decided otherwise.
    pub changed: u64,
    /// Their share.
    pub changed_share: f64,
    /// Its 95 % interval, where there is one.
    pub changed_interval: Option<Interval>,
    /// What becomes of each metric, the one that the run was selected by first.
    pub metrics: Vec<MetricShift>,
}

impl ShiftRecord {
    /// What becomes of a metric.
    pub fn of(&self, metric: Metric) -> Option<&MetricShift> {
        self.metrics.iter().find(|of| of.metric == metric)
    }
}

/// What a shift does to a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricShift {
    /// Which.
    pub metric: Metric,
    /// Of the patches as they are.
    pub before: Option<f64>,
    /// Of the shifted ones.
    pub after: Option<f64>,
    /// `after - before`.
    pub difference: Option<f64>,
    /// Its 95 % interval (paired bootstrap of groups), where there is one.
    pub interval: Option<Interval>,
}

impl MetricShift {
    /// Whether the whole interval is on the worse side of 0.
    pub fn is_worse(&self) -> bool {
        let better = self.metric.higher_is_better();
        let worse = |of: Interval| {
            if better {
                of.ci_high < 0.0
            } else {
                of.ci_low > 0.0
            }
        };
        self.interval.is_some_and(worse)
    }

    /// `0.914 -> 0.871, -0.043 [-0.061, -0.025]`
    pub fn text(&self) -> String {
        let (Some(before), Some(after)) = (self.before, self.after) else {
            return "undefined".to_owned();
        };
        let interval = self.interval.map_or_else(String::new, |of| {
            format!(" [{:+.3}, {:+.3}]", of.ci_low, of.ci_high)
        });
        let difference = self.difference.map_or_else(
            || "undefined".to_owned(),
            |difference| format!("{difference:+.3}"),
        );
        format!("{before:.3} -> {after:.3}, {difference}{interval}")
    }
}

impl RobustnessRecord {
    /// What was measured on whom, and what is worst, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let how = match self.part {
            Part::TestAverage => "of the test part, by the mean of all folds",
            _ => "out of fold, each by the fold that did not see it",
        };
        let mpp = self
            .mpp
            .map_or_else(String::new, |mpp| format!("; a pixel is {mpp} micrometres"));
        let mut said = vec![format!(
            "{} of {} patches {how}; differences are paired, with 95 % intervals by {} ({}){mpp}.",
            self.patches,
            self.of,
            self.by,
            self.by.counted(self.groups as u64)
        )];
        said.push(match &self.worst {
            Some(worst) => format!(
                "Worst under {}: {} {}{}.",
                worst.name,
                worst.metric.metric.title(),
                worst.metric.text(),
                if worst.metric.is_worse() {
                    ""
                } else {
                    ", which may be chance"
                }
            ),
            None => format!("Under no shift is {} worse.", self.select.title()),
        });
        let begun = self
            .begins
            .iter()
            .filter_map(|of| of.answers_change.clone());
        let begun: Vec<String> = begun.collect();
        said.push(if begun.is_empty() {
            "Under no shift do 5 % of the answers change.".to_owned()
        } else {
            format!(
                "5 % of the answers and more change from {} on.",
                begun.join(", ")
            )
        });
        said
    }
}
