//! What happens during a run, in words on standard error.

use eosin_core::FoldId;
use eosin_core::config::{DoctorPolicy, Precision};
use eosin_train::{ChosenBy, Event, Finding, PrecisionEffect, ProbeRecord, StainFit};

use eosin_run::duration;

use crate::output::{note, short};

/// What takes less is not worth a word.
const WORTH_SECS: f64 = 10.0;

/// Says what the cache and new views will cost, where that is much.
pub fn cost(event: &Event) {
    let Event::Cost {
        cached_views,
        cache_bytes,
        fresh_views,
        multiply_adds,
        secs,
    } = event
    else {
        return;
    };
    let giga = *multiply_adds as f64 / 1e9;
    let gigabytes = *cache_bytes as f64 / 1e9;
    if *fresh_views > 0 || gigabytes >= 1.0 || *secs >= WORTH_SECS {
        note(&format!(
            "     cost  {cached_views} views through the frozen part ({giga:.2} billion \
             multiply-adds each) and {gigabytes:.2} GB for the cache, as far as it lacks them; all \
             passes take about {}",
            duration(*secs)
        ));
    }
    if *fresh_views > 0 {
        note(&format!(
            "     cost  {fresh_views} new views while training, each a pass through the frozen \
             part; '--set augment.views=K' would cache K views of each patch instead"
        ));
    }
}

/// Says what patches are made like in stain, and which keep their own.
pub fn stain(fit: &StainFit) {
    note(&format!("    stain  {}", fit.said()));
    if let Some(kept) = fit.kept() {
        note(&format!("warning: {kept}; stain.json lists all"));
    }
}

/// Says what fewer bits do to embeddings.
pub fn precision(precision: Precision, effect: &PrecisionEffect) {
    let shown = |value: Option<f64>| {
        value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.6}"))
    };
    note(&format!(
        "precision  {precision} against f32 on {} patches: cosine similarity {} (least {}), relative \
         error {}; 'eosin ablate --factor backbone.precision={precision}' says what it does to scores",
        effect.patches,
        shown(effect.cosine_mean),
        shown(effect.cosine_least),
        shown(effect.relative_error),
    ));
    if !effect.is_fast_here {
        note(&format!(
            "warning: this processor has no instructions for {precision}: it is slower than f32 here"
        ));
    }
}

/// How strong a head is, as in `C 0.01`.
pub fn strength(record: &ProbeRecord) -> String {
    let shown = record.shown();
    format!("{} {}", shown.name, short(shown.value))
}

/// Warns of a head that is not what it should be.
pub fn doubtful(fold: FoldId, record: &ProbeRecord) {
    if record.by == ChosenBy::Nothing {
        note(&format!(
            "warning: the training part of fold {fold} is too small to choose on: {}, which makes for a \
             simple model ('--set train.strength=' gives another)",
            strength(record)
        ));
    }
    if !record.tells() {
        note(&format!(
            "warning: the head of fold {fold} says little but the shares of the classes: on the inner \
             folds of its training part the embeddings do not tell the classes apart (share kept of \
             its logits: {})",
            short(record.kept)
        ));
    }
    if record.tells() && !record.moves() {
        let cause = match record.by {
            ChosenBy::Setting => {
                "train.strength leaves next to nothing of what it learns; leave it out \
                                  to have it chosen"
            }
            ChosenBy::InnerFolds | ChosenBy::Nothing => {
                "do the embeddings differ from patch to patch?"
            }
        };
        note(&format!(
            "warning: the head of fold {fold} says much the same of every patch (its logits differ by \
             {}): {cause}",
            short(record.spread.unwrap_or_default())
        ));
    }
    if !record.is_solved() {
        note(&format!(
            "warning: the head of fold {fold} did not converge: its objective is about {:.0e} of \
             itself above the optimum after {} passes; a stronger penalty is easier ('--set \
             train.strength={}')",
            record.relative_gap,
            record.passes,
            short(record.strength / 10.0)
        ));
    }
}

/// Warns of what the checks before training found; an error will say what is none.
pub fn findings(findings: &[Finding], policy: DoctorPolicy) {
    let problems = findings.iter().filter(|finding| finding.problem.is_some());
    let mut count = 0;
    for finding in problems {
        count += 1;
        let warns = match policy {
            DoctorPolicy::Off | DoctorPolicy::Refuse => false,
            DoctorPolicy::Warn => true,
            DoctorPolicy::Leaks => finding.leaks.is_empty(),
        };
        if let Some(problem) = finding.problem.as_ref().filter(|_| warns) {
            note(&format!("warning: {problem}"));
        }
    }
    let passed = findings.len() - count;
    note(&format!(
        "   doctor  {passed} of {} checks passed",
        findings.len()
    ));
}
