//! What each way of choosing a threshold comes to.

use eosin_core::config::CalibratorKind;
use eosin_core::{Calibrator, ThresholdRule, prob_of};
use eosin_metrics::{
    Counts, CutFigures, CutIntervals, Cuts, DecidedRow, NoCut, ScoredRows, Undefined, counts_at,
};
use eosin_store::ThresholdRecord;
use serde::{Deserialize, Serialize};

use super::fitting::{even_odds, fit, without};
use super::judged::{FoldRowsOf, Judged};

/// Rules that are shown beside the one that was asked for.
const SHOWN: [&str; 11] = [
    "likeliest",
    "khd",
    "f1",
    "youden",
    "accuracy",
    "mcc",
    "cost:10",
    "sensitivity>=0.95",
    "sensitivity>=0.99",
    "specificity>=0.95",
    "specificity>=0.99",
];

/// What a way of choosing a threshold comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdFindings {
    /// How it is chosen.
    pub rule: ThresholdRule,
    /// As chosen on all out-of-fold predictions.
    pub threshold: Option<ThresholdRecord>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
    /// What it does with the patches that it was chosen on, which flatters it. Of several
    /// cross-validations all patches count in each.
    pub chosen_on: Option<CutFigures>,
    /// What thresholds do that were chosen on the other folds, fold by fold; counted as `chosen_on`.
    pub out_of_fold: Option<CutFigures>,
    /// 95 % intervals of `out_of_fold`. Of several cross-validations, in which each patch counts several times,
    /// only where groups are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_fold_intervals: Option<CutIntervals>,
    /// Where these lie, as probabilities of the run before calibration.
    pub across_folds: Option<Spread>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_fold_undefined: Option<String>,
    /// What it does, untouched, with labelled test patches.
    pub test: Option<CutFigures>,
    /// 95 % intervals of `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_intervals: Option<CutIntervals>,
}

/// The least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

/// The rules that are shown, the one asked for among them.
pub(super) fn shown_rules(asked: ThresholdRule) -> Vec<ThresholdRule> {
    let mut rules: Vec<ThresholdRule> = SHOWN.iter().filter_map(|rule| rule.parse().ok()).collect();
    if !rules.contains(&asked) {
        rules.push(asked);
    }
    rules
}

/// Rows that thresholds are chosen on, and how their probabilities are shown.
struct ChosenOn {
    calibrator: Option<Calibrator>,
    cuts: Result<Cuts, NoCut>,
}

impl ChosenOn {
    fn new(rows: &ScoredRows, calibrator: Option<Calibrator>) -> Self {
        Self {
            cuts: Cuts::of(rows, calibrator.as_ref()),
            calibrator,
        }
    }

    /// The threshold of a rule, as log odds before calibration; why there is none as a sentence.
    fn threshold(&self, rule: ThresholdRule) -> Result<f64, String> {
        if !rule.asks() {
            return Ok(even_odds(self.calibrator.as_ref()));
        }
        let best = self.cuts.as_ref().map_err(|why| *why);
        let best = best.and_then(|cuts| cuts.best(rule));
        best.map(|cut| cut.log_odds).map_err(|why| why.to_string())
    }
}

/// What thresholds are chosen on: all validation parts, and for each fold the others.
pub(super) struct Chooser<'a> {
    judged: &'a Judged,
    all: ScoredRows,
    on_all: ChosenOn,
    /// Of each fold the others; why not, as a sentence.
    on_others: Vec<Result<ChosenOn, String>>,
}

impl<'a> Chooser<'a> {
    /// `calibrator` is the one that is stored, of this kind; `None` without any validation part.
    pub fn new(
        judged: &'a Judged,
        kind: CalibratorKind,
        calibrator: Option<&Calibrator>,
    ) -> Option<Self> {
        let all = judged.all()?;
        let on_others = judged.folds.iter().map(|own| {
            let Some(others) = judged.others(own.fold) else {
                return Err(Undefined::OneFold.to_string());
            };
            let fitted = fit(kind, &others);
            let fitted = fitted.map_err(|why| without(own.fold, why))?;
            Ok(ChosenOn::new(&others, fitted))
        });
        Some(Self {
            judged,
            on_all: ChosenOn::new(&all, calibrator.cloned()),
            on_others: on_others.collect(),
            all,
        })
    }

    /// What a rule comes to.
    pub fn findings(&self, rule: ThresholdRule) -> ThresholdFindings {
        let chosen = self.on_all.threshold(rule);
        let figures = |rows: &ScoredRows| {
            let cut = chosen.as_ref().ok();
            cut.map(|z| CutFigures::of(decided(rows, rule, *z)))
        };
        let honest = self.honest(rule);
        let judged = honest.as_ref().ok();
        let calibrator = self.on_all.calibrator.as_ref();
        ThresholdFindings {
            rule,
            chosen_on: figures(&self.all),
            test: self.judged.test.as_ref().and_then(figures),
            out_of_fold: judged.map(|honest| CutFigures::of(honest.counts)),
            out_of_fold_intervals: judged.and_then(|honest| honest.intervals),
            test_intervals: self.judged.test.as_ref().and_then(|rows| {
                let cut = chosen.as_ref().ok()?;
                Some(CutIntervals::of(&decided_rows(rows, rule, *cut)))
            }),
            across_folds: judged.map(|honest| honest.spread),
            out_of_fold_undefined: honest.err(),
            threshold: chosen.as_ref().ok().map(|z| record(rule, *z, calibrator)),
            undefined: chosen.err(),
        }
    }

    /// A patch that counts several times is not as many patches.
    fn can_have_intervals(&self) -> bool {
        let mut repeats = self.judged.folds.iter().map(|fold| fold.fold.repeat);
        self.all.groups().is_some() || repeats.all(|repeat| repeat == 0)
    }

    fn honest(&self, rule: ThresholdRule) -> Result<Honest, String> {
        let of_fold = |(own, others): (&FoldRowsOf, &Result<ChosenOn, String>)| {
            let is_usual = !rule.asks() && self.on_all.calibrator.is_none();
            let z = match others {
                _ if is_usual => 0.0,
                Err(why) => return Err(why.clone()),
                Ok(others) => others
                    .threshold(rule)
                    .map_err(|why| format!("without fold {}: {why}", own.fold))?,
            };
            Ok((z, decided(&own.rows, rule, z)))
        };
        let each = self.judged.folds.iter().zip(&self.on_others).map(of_fold);
        let each: Vec<(f64, Counts)> = each.collect::<Result<_, String>>()?;
        let folds = self.judged.folds.iter().zip(&each);
        let rows = folds.flat_map(|(fold, (z, _))| decided_rows(&fold.rows, rule, *z));
        let rows: Vec<DecidedRow> = rows.collect();
        let probs = each.iter().map(|(z, _)| prob_of(*z));
        Ok(Honest {
            intervals: self.can_have_intervals().then(|| CutIntervals::of(&rows)),
            counts: each
                .iter()
                .fold(Counts::default(), |sum, (_, counts)| sum.plus(counts)),
            spread: Spread {
                low: probs.clone().fold(f64::INFINITY, f64::min),
                high: probs.fold(f64::NEG_INFINITY, f64::max),
            },
        })
    }
}

/// What thresholds of the other folds do.
struct Honest {
    counts: Counts,
    intervals: Option<CutIntervals>,
    spread: Spread,
}

fn decided(rows: &ScoredRows, rule: ThresholdRule, z: f64) -> Counts {
    counts_at(rows, least(rule, z))
}

fn decided_rows(rows: &ScoredRows, rule: ThresholdRule, z: f64) -> Vec<DecidedRow> {
    let least = least(rule, z);
    let row = |at: usize| DecidedRow {
        positive: rows.positive()[at],
        called: rows.log_odds()[at] >= least,
        group: rows.groups().map(|groups| groups[at]),
    };
    (0..rows.len()).map(row).collect()
}

/// Of the most probable class even odds are none of the positive one, as the metrics have it.
fn least(rule: ThresholdRule, z: f64) -> f64 {
    if rule.asks() || z != 0.0 {
        z
    } else {
        f64::MIN_POSITIVE
    }
}

fn record(rule: ThresholdRule, z: f64, calibrator: Option<&Calibrator>) -> ThresholdRecord {
    let shown = calibrator.map_or(z, |calibrator| calibrator.log_odds(z));
    ThresholdRecord {
        rule,
        log_odds: z,
        own_prob: prob_of(z),
        prob: prob_of(shown),
    }
}
