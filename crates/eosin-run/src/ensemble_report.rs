//! What the report says of an ensemble.

use anyhow::Result;
use eosin_report::{CandidateReport, EnsembleReport, HeatMap, ShareReport};
use eosin_store::{RunFolder, names};

use crate::ensemble_findings::EnsembleFindings;

/// Candidates that are shown.
const SHOWN: usize = 12;

/// What `ensemble.json` says, if the run has one.
pub(crate) fn ensemble_report(folder: &RunFolder) -> Result<Option<EnsembleReport>> {
    if !folder.has(names::ENSEMBLE) {
        return Ok(None);
    }
    let findings: EnsembleFindings = folder.read_json(names::ENSEMBLE)?;
    let candidate = |candidate: &&eosin_ensemble::Candidate| CandidateReport {
        members: vec![findings.shown(&candidate.members)],
        method: if candidate.members.len() > 1 {
            candidate.method.to_string()
        } else {
            "alone".to_owned()
        },
        score: candidate.score,
        megabytes: candidate.bytes as f64 / 1e6,
        millis: candidate.ms,
        is_pareto: candidate.pareto,
        is_chosen: findings.is_chosen(candidate),
    };
    let ranking = findings.ranking();
    let rest = ranking.iter().skip(SHOWN).filter(|one| one.pareto);
    let candidates = ranking.iter().take(SHOWN).chain(rest).map(candidate);
    let harmony = &findings.harmony;
    let defined = |values: &[Vec<f64>]| {
        let rows = values.iter();
        rows.map(|row| row.iter().copied().map(Some).collect())
            .collect()
    };
    let maps = [
        (
            "Disagreement: one is right, the other wrong",
            defined(&harmony.disagreement),
        ),
        (
            "Double fault: both are wrong",
            defined(&harmony.double_fault),
        ),
        ("Yule's Q of being right", harmony.q_statistic.clone()),
        ("Correlation of errors", harmony.error_correlation.clone()),
    ];
    let share = |share: &eosin_ensemble::MemberShare| ShareReport {
        member: findings.names[share.member].clone(),
        alone: share.score,
        leave_one_out: share.leave_one_out,
        shapley: share.shapley,
    };
    Ok(Some(EnsembleReport {
        sentences: findings.sentences(),
        metric: harmony.select,
        candidates: candidates.collect(),
        members: findings.names.clone(),
        maps: maps
            .into_iter()
            .map(|(name, values)| HeatMap {
                name: name.to_owned(),
                values,
            })
            .collect(),
        shares: harmony.shares.iter().map(share).collect(),
        joined_shares: harmony
            .joined
            .iter()
            .flat_map(|joined| &joined.shares)
            .map(share)
            .collect(),
    }))
}
