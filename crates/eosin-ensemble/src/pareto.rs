//! Candidates that no other is better than in every way.

use eosin_metrics::Metric;

use crate::search::Candidate;

/// Marks the candidates for which there is no other that is as good in score, bytes and milliseconds,
/// and better in one of them; of those that are equal in all three the first. A candidate without a
/// score is not marked.
pub(crate) fn mark(candidates: &mut [Candidate], metric: Metric) {
    let mut best: Vec<usize> = Vec::new();
    // Candidates of the same members follow one another and cost the same.
    for at in 0..candidates.len() {
        let is_first = best
            .last()
            .is_none_or(|last| candidates[*last].members != candidates[at].members);
        if candidates[at].score.is_none() {
            continue;
        }
        if is_first {
            best.push(at);
        } else if let Some(last) = best.last_mut()
            && metric.is_better(candidates[at].score, candidates[*last].score)
        {
            *last = at;
        }
    }
    for &at in &best {
        let one = &candidates[at];
        let is_beaten = best.iter().any(|&other| {
            let by = &candidates[other];
            let is_as_good =
                !metric.is_better(one.score, by.score) && by.bytes <= one.bytes && by.ms <= one.ms;
            let is_better =
                metric.is_better(by.score, one.score) || by.bytes < one.bytes || by.ms < one.ms;
            is_as_good && (is_better || other < at)
        });
        candidates[at].pareto = !is_beaten;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    #[test]
    fn only_what_nothing_beats_is_marked_and_of_equals_the_first() {
        let candidate = |member: usize, score: f64, bytes: u64, ms: f64| Candidate {
            members: vec![member],
            method: Method::Soft,
            score: Some(score),
            bytes,
            ms,
            pareto: false,
        };
        let mut all = [
            candidate(0, 0.8, 10, 1.0),
            candidate(1, 0.8, 10, 1.0),
            candidate(2, 0.7, 10, 0.5),
            candidate(3, 0.7, 11, 0.5),
            candidate(4, 0.9, 99, 9.0),
            candidate(4, 0.95, 99, 9.0),
        ];
        mark(&mut all, Metric::Auroc);
        let marked: Vec<bool> = all.iter().map(|one| one.pareto).collect();
        assert_eq!(marked, [true, false, true, false, false, true]);
    }
}
