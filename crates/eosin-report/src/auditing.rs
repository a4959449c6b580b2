//! What `audit.json` says, beside the pairs across folds.

use eosin_metrics::Metric;

use crate::page_one::Figure;

/// What an audit found.
#[derive(Clone, Debug, Default)]
pub struct AuditSummary {
    /// What was looked for and what was found, sentences.
    pub sentences: Vec<String>,
    /// Pairs of patches that show the same tissue.
    pub pairs: u64,
    /// Those of them whose labels differ.
    pub labels_differ: u64,
    /// What facts beside the tissue say of the class; `None`: the audit did not ask.
    pub shortcuts: Option<ShortcutsReport>,
    /// How to look closer, a command.
    pub command: String,
}

/// What facts beside the tissue say of the class.
#[derive(Clone, Debug)]
pub struct ShortcutsReport {
    /// What the facts are held against.
    pub model: String,
    /// The AUROC that it reaches.
    pub model_score: Figure,
    /// Each fact.
    pub facts: Vec<ShortcutFact>,
}

/// What one fact says of the class.
#[derive(Clone, Debug)]
pub struct ShortcutFact {
    /// The fact.
    pub name: String,
    /// The AUROC of a head on it alone.
    pub score: Figure,
    /// Whether that is near what the model reaches.
    pub is_near: bool,
}

/// What the best of many owes to luck.
#[derive(Clone, Debug)]
pub struct OptimismReport {
    /// The metric that selects.
    pub metric: Metric,
    /// How many were tried.
    pub tried: u64,
    /// The best one's own score, by which it was chosen.
    pub own: Option<f64>,
    /// The choice repeated without each fold, judged on that fold.
    pub repeated: Figure,
    /// By how much the one is better than the other.
    pub optimism: Option<f64>,
    /// What varies independently there: groups, or blocks of them.
    pub units: u64,
}
