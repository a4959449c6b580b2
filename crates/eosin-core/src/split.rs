//! Which part of an experiment a patch belongs to.

crate::choice::choices! {
    /// The part of an experiment that a patch belongs to.
    pub enum Split {
        /// Used for training and cross-validation.
        Train => "train",
        /// Predefined validation part.
        Val => "val",
        /// Held out; never contributes to any fitted number.
        Test => "test",
    }
}
