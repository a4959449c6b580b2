//! What a contest allows.

use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use eosin_ensemble::is_of_decisions;
use eosin_metrics::Metric;
use serde::{Deserialize, Serialize};

/// What a contest allows, and what it scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionRules {
    /// The metric of the scores that come back.
    pub metric: Metric,
    /// Submissions within [`quota_secs`](Self::quota_secs) at most.
    pub quota: usize,
    /// Seconds.
    pub quota_secs: u64,
    /// Bytes of all weights of a submission at most.
    pub max_bytes: u64,
}

impl Default for SubmissionRules {
    /// Those of the 2020 datathon: its score, one submission an hour, 300 MB.
    fn default() -> Self {
        Self {
            metric: Metric::Khd,
            quota: 1,
            quota_secs: 3600,
            max_bytes: 300_000_000,
        }
    }
}

/// Rules that hold from now on; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleChanges {
    /// See [`SubmissionRules::metric`].
    pub metric: Option<Metric>,
    /// See [`SubmissionRules::quota`].
    pub quota: Option<usize>,
    /// See [`SubmissionRules::quota_secs`].
    pub quota_secs: Option<u64>,
    /// See [`SubmissionRules::max_bytes`].
    pub max_bytes: Option<u64>,
}

impl SubmissionRules {
    /// The rules with some changed. The metric of scores that have come back stays.
    ///
    /// # Errors
    /// When the metric is not one of decisions, a quota is none, or scores of another metric are there.
    pub(super) fn changed(&self, changes: &RuleChanges, scored: usize) -> Result<Self> {
        let rules = Self {
            metric: changes.metric.unwrap_or(self.metric),
            quota: changes.quota.unwrap_or(self.quota),
            quota_secs: changes.quota_secs.unwrap_or(self.quota_secs),
            max_bytes: changes.max_bytes.unwrap_or(self.max_bytes),
        };
        if !is_of_decisions(rules.metric) {
            bail!(
                "{} is of probabilities, and a submission holds classes only: name a metric of decisions, \
                 such as khd, accuracy or f1",
                rules.metric
            );
        }
        if rules.quota == 0 {
            bail!("'--quota 0' allows no submission; write 1 or more");
        }
        if rules.quota_secs == 0 {
            bail!("'--quota-secs 0' is no time that a quota could be for; write 1 or more");
        }
        if rules.metric != self.metric && scored > 0 {
            bail!(
                "{scored} score(s) came back as {}, and '--metric {}' is another; begin a new '--ledger' \
                 for another contest",
                self.metric,
                rules.metric
            );
        }
        Ok(rules)
    }

    /// When the next submission is allowed, of those made at `times`; `None`: now. A time that is still to
    /// come, as a clock that was put back leaves it, counts as now.
    pub(super) fn waits_until(&self, times: &[SystemTime], now: SystemTime) -> Option<SystemTime> {
        let window = Duration::from_secs(self.quota_secs);
        let mut open: Vec<SystemTime> = times.iter().map(|time| *time + window).collect();
        open.retain(|opens| *opens > now);
        open.sort_unstable();
        let over = open.len().checked_sub(self.quota)?;
        Some(open[over])
    }

    /// The least that the metric can be; the most is 1.
    pub(super) fn least(&self) -> f64 {
        if self.metric == Metric::Mcc {
            -1.0
        } else {
            0.0
        }
    }

    /// Refuses a score that the metric cannot have.
    ///
    /// # Errors
    /// Names the bounds.
    pub(super) fn check_score(&self, score: f64) -> Result<()> {
        let least = self.least();
        if (least..=1.0).contains(&score) {
            return Ok(());
        }
        bail!(
            "a score of {score} is out of range: {} is from {least} to 1 (of percent write the \
             hundredth part)",
            self.metric
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
    }

    #[test]
    fn a_quota_opens_when_the_oldest_that_counts_is_old_enough() {
        let rules = SubmissionRules {
            quota: 2,
            quota_secs: 100,
            ..SubmissionRules::default()
        };
        let waits = |times: &[u64], now| {
            let times: Vec<SystemTime> = times.iter().map(|secs| at(*secs)).collect();
            rules.waits_until(&times, at(now))
        };
        assert_eq!(waits(&[], 0), None);
        assert_eq!(waits(&[1000], 1000), None);
        assert_eq!(waits(&[1000, 1050], 1060), Some(at(1100)));
        assert_eq!(waits(&[1000, 1050], 1100), None);
        assert_eq!(waits(&[1000, 1010, 1050], 1060), Some(at(1110)));
        // A clock that was put back opens nothing early.
        assert_eq!(waits(&[5000, 5001], 1000), Some(at(5100)));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let rules = SubmissionRules::default();
        let said =
            |changes: RuleChanges, scored| rules.changed(&changes, scored).unwrap_err().to_string();
        let metric = |metric| RuleChanges {
            metric: Some(metric),
            ..RuleChanges::default()
        };
        assert!(said(metric(Metric::Auroc), 0).contains("a metric of decisions"));
        assert!(said(metric(Metric::F1), 2).contains("2 score(s) came back as khd"));
        assert!(rules.changed(&metric(Metric::F1), 0).is_ok());
        let none = RuleChanges {
            quota: Some(0),
            ..RuleChanges::default()
        };
        assert!(said(none, 0).contains("--quota 0"));
        assert!(rules.check_score(99.8).is_err() && rules.check_score(f64::NAN).is_err());
        assert!(rules.check_score(0.998).is_ok());
    }
}
