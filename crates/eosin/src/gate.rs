//! Bounds that a score must reach.

use anyhow::{Context as _, Result, bail};
use eosin_metrics::{Metric, MetricSet};

/// A metric and the worst value that passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    metric: Metric,
    bound: f64,
}

/// Where a bound lies, which is the flag that it is written behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    AtLeast,
    AtMost,
}

impl Side {
    /// The side on which a bound of `metric` keeps bad models out.
    const fn of(metric: Metric) -> Self {
        if metric.higher_is_better() {
            Self::AtLeast
        } else {
            Self::AtMost
        }
    }

    const fn flag(self) -> &'static str {
        match self {
            Self::AtLeast => "--at-least",
            Self::AtMost => "--at-most",
        }
    }
}

impl Gate {
    /// The bounds written as `METRIC=BOUND` behind `--at-least` and `--at-most`.
    ///
    /// # Errors
    /// When one is none, or would let bad models pass and keep good ones out.
    pub fn parse_all(at_least: &[String], at_most: &[String]) -> Result<Vec<Self>> {
        let least = at_least.iter().map(|text| Self::parse(Side::AtLeast, text));
        let most = at_most.iter().map(|text| Self::parse(Side::AtMost, text));
        least.chain(most).collect()
    }

    fn parse(side: Side, text: &str) -> Result<Self> {
        let flag = side.flag();
        let (name, bound) = text
            .split_once('=')
            .with_context(|| format!("{flag} {text} has no '='; write --at-least khd=0.99"))?;
        let metric: Metric = name.parse()?;
        let bound: Option<f64> = bound.parse().ok().filter(|bound: &f64| bound.is_finite());
        let bound = bound.with_context(|| format!("{flag} {text}: the bound is no number"))?;
        let right = Side::of(metric);
        if right != side {
            let better = match right {
                Side::AtLeast => "larger",
                Side::AtMost => "smaller",
            };
            bail!(
                "{flag} {text} would pass bad models: of {name} the {better} is the better; write \
                 '{} {text}'",
                right.flag()
            );
        }
        Ok(Self { metric, bound })
    }

    /// What is wrong with the metric's value, if anything is. An undefined one passes nothing.
    pub fn missed_by(&self, metrics: &MetricSet) -> Option<String> {
        let Self { metric, bound } = *self;
        let Some(value) = metrics.get(metric) else {
            return Some(format!("{metric} is undefined, and the bound is {bound}"));
        };
        let (passes, missed) = match Side::of(metric) {
            Side::AtLeast => (value >= bound, "below"),
            Side::AtMost => (value <= bound, "above"),
        };
        (!passes).then(|| format!("{metric} is {value}, {missed} {bound}"))
    }
}
