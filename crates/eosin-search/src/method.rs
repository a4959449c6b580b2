//! The ways to search.

use crate::error::SpaceError;
use crate::grid::grid;
use crate::history::History;
use crate::space::Space;
use crate::value::Assignment;
use crate::{random, tpe};

eosin_core::choice::choices! {
    /// How a trial's values are found.
    pub enum Method {
        /// Tree-structured Parzen estimators: more of what did well.
        Tpe => "tpe",
        /// Independently of all other trials.
        Random => "random",
        /// All combinations, one after another.
        Grid => "grid",
    }
}

impl Method {
    /// The values of trial `number`, whose random stream is `rng`.
    ///
    /// # Errors
    /// When the space has no grid, or no such place in it.
    pub fn suggest(
        self,
        space: &Space,
        history: &History,
        number: u64,
        rng: &mut eosin_core::Rng,
    ) -> Result<Assignment, SpaceError> {
        match self {
            Self::Tpe => Ok(tpe::suggest(space, history, rng)),
            Self::Random => Ok(random::suggest(space, rng)),
            Self::Grid => {
                let mut places = grid(space)?;
                let at = usize::try_from(number).unwrap_or(usize::MAX);
                if at >= places.len() {
                    let (places, asked) = (places.len(), number);
                    return Err(SpaceError::GridEnds { places, asked });
                }
                Ok(places.swap_remove(at))
            }
        }
    }

    /// How many trials there are to make; `None`: as many as are asked for.
    ///
    /// # Errors
    /// When the space has no grid.
    pub fn trials(self, space: &Space) -> Result<Option<usize>, SpaceError> {
        match self {
            Self::Tpe | Self::Random => Ok(None),
            Self::Grid => Ok(Some(grid(space)?.len())),
        }
    }
}
