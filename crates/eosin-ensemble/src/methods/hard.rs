//! Hard voting.

use crate::said::{Said, log_of};

/// What the mean probability of a class counts beside votes: it breaks ties, can outvote nobody, and is
/// not so small that rounding orders the patches.
const TIE: f32 = 1e-3;
/// What every class has beside its votes, so that none is ruled out (Krichevsky & Trofimov 1981).
const HALF_A_VOTE: f32 = 0.5;

/// `p_c = (votes_c + 1/2) / (members + classes / 2)`; a member votes for its likeliest class, of equals
/// the lowest. Of classes with as many votes the one with the larger mean probability comes first.
pub(crate) fn logits(said: &Said) -> Vec<f32> {
    let classes = said.classes;
    let whole = said.members() as f32 + HALF_A_VOTE * classes as f32;
    let mut out = vec![HALF_A_VOTE; said.patches * classes];
    for log_probs in &said.log_probs {
        let rows = log_probs.chunks_exact(classes);
        for (votes, row) in out.chunks_exact_mut(classes).zip(rows) {
            votes[likeliest(row)] += 1.0 - TIE;
            for (votes, log_prob) in votes.iter_mut().zip(row) {
                *votes += TIE * log_prob.exp();
            }
        }
    }
    for votes in &mut out {
        *votes = log_of(*votes / whole);
    }
    out
}

/// The class with the largest value; of equals the lowest.
pub(crate) fn likeliest(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = class;
        }
    }
    best
}
