//! What a report says of what went into a run.

use eosin_report::Fact;
use eosin_store::{RunRecord, StartRecord};

/// What enters the run: patches of a size, embeddings that were made elsewhere, or other runs.
pub(crate) fn input(record: &RunRecord) -> Fact {
    match &record.start {
        StartRecord::Network(_) => {
            Fact::new("Patch size", format!("{0} x {0} px", record.size_px()))
        }
        StartRecord::Embeddings { embeddings: own } => Fact::new(
            "Embeddings",
            format!(
                "made elsewhere: {} view(s) of {} values of each patch, from {}",
                own.views,
                own.width,
                own.file.display()
            ),
        ),
        StartRecord::Ensemble { ensemble } => Fact::new(
            "Ensemble",
            format!("{} runs by {}", ensemble.members.len(), ensemble.method),
        ),
    }
}

/// What patches were made like in stain, where they were.
pub(crate) fn stain(record: &RunRecord) -> Option<Fact> {
    let stain = record.stain.as_ref()?;
    let said = format!(
        "{}, made like {}; {} of {} patches keep their own (stain.json)",
        stain.method, stain.made_like, stain.unchanged, stain.patches
    );
    Some(Fact::new("Stain", said))
}

/// Everything that the run's numbers depend on.
pub(crate) fn reproducibility(record: &RunRecord) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("Seed", record.seed.to_string()),
        Fact::new("Manifest hash", record.manifest_hash.clone()),
    ];
    match &record.start {
        StartRecord::Network(network) => facts.extend([
            Fact::new("Backbone", network.backbone.to_string()),
            Fact::new(
                "Precision of its frozen part",
                network.precision.to_string(),
            ),
            Fact::new("Patches hash", record.patches_hash.clone()),
            Fact::new("Weights hash", network.weights_hash.clone()),
        ]),
        StartRecord::Embeddings { embeddings } => facts.extend([
            Fact::new("Embeddings", embeddings.file.display().to_string()),
            Fact::new("Embeddings hash", embeddings.hash()),
            Fact::new("Patches hash", record.patches_hash.clone()),
        ]),
        StartRecord::Ensemble { ensemble } => {
            facts.push(Fact::new("Patches hash", record.patches_hash.clone()));
            facts.extend(ensemble.members.iter().map(|member| {
                Fact::new(
                    format!("Member {}", member.name),
                    format!("{}, run.json {}", member.start, member.blake3),
                )
            }));
        }
    }
    facts.extend([
        Fact::new(
            "Device",
            format!("{}, {} threads", record.device, record.threads),
        ),
        Fact::new("eosin", record.eosin_version.clone()),
    ]);
    facts
}
