//! The metrics of many resamples.

use crate::interval::Interval;
use crate::metric::Metric;
use crate::resample::bca::SortedValues;
use crate::resample::bootstrap::Bootstrap;
use crate::resample::values::MetricValues;

/// Every metric of the rows themselves, of resamples of them, and without each group.
#[derive(Clone, Debug)]
pub struct Resamples {
    point: MetricValues,
    drawn: Vec<MetricValues>,
    left_out: Vec<MetricValues>,
}

impl Resamples {
    /// Draws; `of` gives the metrics where each of `groups` groups counts so many times.
    pub fn new(
        groups: usize,
        bootstrap: Bootstrap,
        of: impl Fn(&[u32]) -> MetricValues + Sync,
    ) -> Self {
        Self {
            point: of(&vec![1; groups]),
            drawn: bootstrap.map(groups, &of),
            left_out: Bootstrap::left_out(groups, &of),
        }
    }

    /// Of the rows themselves.
    pub const fn point(&self) -> &MetricValues {
        &self.point
    }

    /// Resamples in which a metric is defined.
    pub fn defined(&self, metric: Metric) -> usize {
        self.drawn
            .iter()
            .filter(|one| one.get(metric).is_some())
            .count()
    }

    /// The 95 % percentile interval. Undefined where the metric is, or is in more than half of the
    /// resamples.
    pub fn percentile(&self, metric: Metric) -> Option<Interval> {
        self.point.get(metric)?;
        self.sorted(metric)?.percentile()
    }

    /// The 95 % `BCa` interval, widened for `groups` groups: see [`CountedRows::groups_of`].
    ///
    /// Undefined where the metric is, or is in more than half of the resamples, with under two groups,
    /// and where all resamples have one value: a width of zero would claim a certainty that they do
    /// not give.
    ///
    /// [`CountedRows::groups_of`]: crate::CountedRows::groups_of
    pub fn bca(&self, metric: Metric, groups: usize) -> Option<Interval> {
        let point = self.point.get(metric)?;
        let left_out = self.left_out.iter().filter_map(|one| one.get(metric));
        let left_out: Vec<f64> = left_out.collect();
        let found = self.sorted(metric)?.bca(point, &left_out, groups)?;
        // Sums in another order differ by so much.
        (found.ci_high - found.ci_low > 1e-12).then_some(found)
    }

    fn sorted(&self, metric: Metric) -> Option<SortedValues> {
        let values = self.drawn.iter().filter_map(|one| one.get(metric));
        let sorted = SortedValues::new(values.collect());
        (2 * sorted.len() > self.drawn.len()).then_some(sorted)
    }
}
