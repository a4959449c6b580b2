//! Runs whose weights become one network's.

use eosin_core::Cut;
use eosin_core::config::{EnsembleMethod, Weights};

use crate::embed::backbone::PreparedBackbone;
use crate::ensemble::member_run::{MemberRun, MemberRuns};
use crate::error::TrainError;

/// Runs of one architecture that were trained further from the same weights, and what they started
/// from. The mean of their weights, fold by fold, is a network of the same form (Wortsman et al., Model
/// soups, ICML 2022).
#[derive(Debug)]
pub struct SoupRuns {
    /// What all of them started from.
    pub backbone: PreparedBackbone,
    /// The runs.
    pub members: MemberRuns,
}

/// Whether a method makes one network of all.
pub const fn is_soup(method: EnsembleMethod) -> bool {
    matches!(method, EnsembleMethod::Soup | EnsembleMethod::GreedySoup)
}

/// Refuses a soup of runs whose weights have no mean that means anything.
///
/// # Errors
/// Names the first run that cannot be in it, and why.
pub fn refuse_unlike(members: &[MemberRun], method: EnsembleMethod) -> Result<(), TrainError> {
    let Some(first) = members.first().filter(|_| is_soup(method)) else {
        return Ok(());
    };
    if method == EnsembleMethod::GreedySoup && first.record.folds < 2 {
        return Err(refused(
            "a greedy soup is chosen for each fold by the others, and there is one fold; take \
             '--method soup'",
        ));
    }
    for member in members {
        let name = &member.name;
        let Some(network) = member.record.network() else {
            return Err(refused(&format!(
                "{name} was trained on embeddings: a soup is of networks; take another '--method', such as \
                 geometric"
            )));
        };
        let cut = Cut::parse(&member.record.cut, &[]);
        if matches!(cut, Some(Cut::Embedding | Cut::LastMap)) {
            return Err(refused(&format!(
                "{name} has trained a last layer on a frozen network (train.mode {}): the mean of such \
                 layers says the mean of their logits, which is '--method geometric'; a soup is of runs \
                 that have trained stages of the network",
                member.config.train.mode
            )));
        }
        if let Some((what, one, other)) = unlike(first, member) {
            return Err(refused(&format!(
                "{} and {name} differ in {what} ({one}, and {other}): their weights have no common mean; \
                 leave one out, or take another '--method'",
                first.name
            )));
        }
        if network.weights == Weights::Random && first.record.seed != member.record.seed {
            return Err(refused(&format!(
                "{} and {name} began with other random weights (seeds {} and {}), between which nothing \
                 lies; leave one out, or take another '--method'",
                first.name, first.record.seed, member.record.seed
            )));
        }
    }
    Ok(())
}

/// In what two runs differ that a soup cannot be of, and both values.
fn unlike(first: &MemberRun, member: &MemberRun) -> Option<(&'static str, String, String)> {
    let (one, other) = (&first.record, &member.record);
    let (a, b) = (one.network()?, other.network()?);
    let pairs = [
        (
            "their network",
            a.backbone.to_string(),
            b.backbone.to_string(),
        ),
        (
            "the weights that they began with",
            a.weights_hash.clone(),
            b.weights_hash.clone(),
        ),
        (
            "what of these they took",
            format!("{:?}", a.tensors),
            format!("{:?}", b.tensors),
        ),
        (
            "the stages that they have trained",
            one.cut.clone(),
            other.cut.clone(),
        ),
        (
            "the size of patches",
            one.size_px().to_string(),
            other.size_px().to_string(),
        ),
        (
            "the scaling of pixels",
            format!("{:?}", one.preprocess),
            format!("{:?}", other.preprocess),
        ),
        (
            "the views that they are judged under",
            one.views.to_string(),
            other.views.to_string(),
        ),
        (
            "the precision of the frozen part",
            a.precision.to_string(),
            b.precision.to_string(),
        ),
    ];
    pairs.into_iter().find(|(_, one, other)| one != other)
}

fn refused(why: &str) -> TrainError {
    TrainError::Ensemble(why.to_owned())
}
