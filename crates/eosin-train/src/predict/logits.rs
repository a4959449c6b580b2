//! What a fold says of the patches that it judges.

/// The patches that a fold judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoldPart {
    /// Its validation rows.
    Val,
    /// The test rows.
    Test,
}

impl FoldPart {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Val, Self::Test]
            .into_iter()
            .find(|part| part.word() == word)
    }
}

/// Logits of the patches that a fold judges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logits {
    /// Of the validation rows, `[val, classes]`.
    pub val: Vec<f32>,
    /// Of the test rows, `[test, classes]`.
    pub test: Vec<f32>,
}
