//! What was done, in sentences: what checklists and the model card are answered from.

/// What was done, each a phrase or sentences that stand alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Study {
    /// What the run starts from and what is trained on it.
    pub model: String,
    /// Where its weights come from.
    pub initial_weights: String,
    /// How what is trained was trained.
    pub training: String,
    /// What happens to a patch before the network sees it.
    pub preprocessing: String,
    /// How training patches are varied.
    pub augmentation: String,
    /// What is done about classes of unequal size.
    pub imbalance: String,
    /// How patches were divided.
    pub partition: String,
    /// What may not be on both sides of a division; `None` where nothing is known of patches.
    pub kept_together: Option<String>,
    /// How the epoch, the strength and the best fold were chosen.
    pub selection: String,
    /// How several models answer as one.
    pub combination: String,
    /// What was checked before training, and what was found.
    pub checks: Vec<Check>,
    /// Patches that were left out because they could not be used; `None` where that is not known.
    pub left_out: Option<u64>,
    /// Micrometres of a pixel, where the configuration names them.
    pub mpp: Option<String>,
    /// Version, device, threads.
    pub software: String,
    /// What a patch must be to be given to the model.
    pub input: String,
    /// How the folder of the run is called in commands.
    pub run: String,
}

/// A check before training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What was found; `None`: nothing.
    pub problem: Option<String>,
}
