//! Where a network is divided into a frozen and a trained part.

/// What enters the part of a network that is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// Pixels: everything is trained.
    Pixels,
    /// The map that enters this stage, which is not the first.
    Stage(usize),
    /// The map behind the last stage, before pooling.
    LastMap,
    /// The embedding: the last layer alone is trained.
    Embedding,
}

impl Cut {
    const PIXELS: &'static str = "pixels";
    const LAST_MAP: &'static str = "last-map";
    const EMBEDDING: &'static str = "embedding";

    /// The cut before `stage`, counted from 0.
    pub const fn before(stage: usize) -> Self {
        match stage {
            0 => Self::Pixels,
            stage => Self::Stage(stage),
        }
    }

    /// The first stage that is trained, of so many; `None` where no stage is.
    pub const fn first_stage(self) -> Option<usize> {
        match self {
            Self::Pixels => Some(0),
            Self::Stage(stage) => Some(stage),
            Self::LastMap | Self::Embedding => None,
        }
    }

    /// What the cut is called in recipes and run records: a stage by its name.
    ///
    /// # Panics
    /// When the network has no such stage.
    pub fn name<'a>(self, stages: &[&'a str]) -> &'a str {
        match self {
            Self::Pixels => Self::PIXELS,
            Self::Stage(stage) => stages[stage],
            Self::LastMap => Self::LAST_MAP,
            Self::Embedding => Self::EMBEDDING,
        }
    }

    /// The cut that [`name`](Self::name) calls `word`; `None` when the network has no such stage.
    pub fn parse(word: &str, stages: &[&str]) -> Option<Self> {
        match word {
            Self::PIXELS => Some(Self::Pixels),
            Self::LAST_MAP => Some(Self::LastMap),
            Self::EMBEDDING => Some(Self::Embedding),
            stage => {
                let place = stages.iter().position(|name| *name == stage)?;
                (place > 0).then_some(Self::Stage(place))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_is_found_by_its_name() {
        let stages = ["stem", "layer1", "layer2"];
        for cut in [
            Cut::Pixels,
            Cut::Stage(1),
            Cut::Stage(2),
            Cut::LastMap,
            Cut::Embedding,
        ] {
            assert_eq!(Cut::parse(cut.name(&stages), &stages), Some(cut));
        }
        assert_eq!(Cut::parse("layer9", &stages), None);
        // Before the first stage there are pixels, and one name for them is enough.
        assert_eq!(Cut::parse("stem", &stages), None);
        assert_eq!(
            (Cut::before(0), Cut::before(2)),
            (Cut::Pixels, Cut::Stage(2))
        );
    }
}
