//! What a member says of the patches that its folds judge.

use eosin_core::FoldId;
use eosin_store::FoldFile;

use crate::ensemble::member_run::MemberRun;
use crate::error::TrainError;
use crate::predict::fold_predictions::FoldPredictions;
use crate::predict::logits::Logits;

/// The logits of one fold of a member.
pub(crate) struct MemberLogits {
    /// Those that count.
    pub logits: Logits,
    /// Those of patches as they are, where the others are means over views.
    pub one_view: Option<Logits>,
}

/// The patches that a fold judges, in the order of its logits.
pub(crate) struct JudgedKeys {
    pub val: Vec<String>,
    pub test: Vec<String>,
}

impl MemberLogits {
    /// Those of a fold, which must be of these patches.
    pub(crate) fn read(
        member: &MemberRun,
        fold: FoldId,
        keys: &JudgedKeys,
    ) -> Result<Self, TrainError> {
        let name = FoldFile::Predictions.of(fold);
        let path = member.folder.path(&name);
        let bytes = member.folder.read(&name)?;
        let predictions = FoldPredictions::from_bytes(&path, &bytes, &member.record.classes)?;
        if !predictions.are_of(&keys.val, &keys.test) {
            return Err(TrainError::Predictions {
                path,
                line: 1,
                problem: "its patches are not those of the fold; the run is damaged, make it again"
                    .to_owned(),
            });
        }
        Ok(Self {
            logits: predictions.logits(),
            one_view: predictions.one_view(),
        })
    }
}
