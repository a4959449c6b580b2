//! Every metric of a resample.

use crate::metric::Metric;

/// A value of each metric; `None` where it is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MetricValues([Option<f64>; Metric::ALL.len()]);

impl MetricValues {
    /// What `of` gives for each metric.
    pub fn new(of: impl Fn(Metric) -> Option<f64>) -> Self {
        let mut values = Self::default();
        for (value, metric) in values.0.iter_mut().zip(Metric::ALL) {
            *value = of(*metric);
        }
        values
    }

    /// The value of a metric.
    pub const fn get(&self, metric: Metric) -> Option<f64> {
        self.0[metric as usize]
    }

    /// `self - other`; undefined where either is.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self::new(|metric| Some(self.get(metric)? - other.get(metric)?))
    }

    /// The mean of several; undefined where one is, or without any.
    #[must_use]
    pub fn mean(all: &[Self]) -> Self {
        let count = all.len() as f64;
        let sum = |metric| all.iter().map(|one| one.get(metric)).sum::<Option<f64>>();
        Self::new(|metric| {
            let sum = sum(metric).filter(|_| !all.is_empty());
            sum.map(|sum| sum / count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_has_its_own_place() {
        for (place, metric) in Metric::ALL.iter().enumerate() {
            assert_eq!(*metric as usize, place);
        }
        let values = MetricValues::new(|metric| (metric != Metric::Ece).then_some(2.0));
        assert_eq!(values.minus(&values).get(Metric::Khd), Some(0.0));
        assert_eq!(
            MetricValues::mean(&[values, values]).get(Metric::F1),
            Some(2.0)
        );
        assert_eq!(MetricValues::mean(&[values, values]).get(Metric::Ece), None);
        assert_eq!(MetricValues::mean(&[]).get(Metric::F1), None);
    }
}
