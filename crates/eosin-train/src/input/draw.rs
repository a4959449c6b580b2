//! What enters the part of a network that is trained.

use eosin_core::{D4, Rng};
use rand::RngExt as _;

use crate::error::TrainError;
use crate::input::view::View;

/// One training patch of an epoch, with all that chance decides about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Row of the patch.
    pub row: usize,
    /// The symmetry that it is seen under.
    pub symmetry: D4,
    /// Seed of its other random changes, or the number of a view; `None` where there are none.
    pub view: Option<u64>,
}

impl Draw {
    /// The patch as it is.
    pub const fn upright(row: usize) -> Self {
        Self {
            row,
            symmetry: D4::IDENTITY,
            view: None,
        }
    }

    /// The patch as it is looked at in this way.
    pub const fn of(row: usize, view: View) -> Self {
        match view {
            View::Symmetry(symmetry) => Self {
                symmetry,
                ..Self::upright(row)
            },
            View::Sized { symmetry, size } => Self {
                symmetry,
                view: Some(size as u64),
                row,
            },
            View::Numbered(number) => Self {
                view: Some(number as u64),
                ..Self::upright(row)
            },
        }
    }

    /// The draws of an epoch over the rows in `order`: a symmetry of `members` each, and the seed
    /// of a view where `views` are wanted.
    pub fn epoch(order: &[usize], members: &[D4], views: bool, rng: &mut Rng) -> Vec<Self> {
        let draw = |row: &usize| Self {
            row: *row,
            symmetry: match members {
                [only] => *only,
                several => several[rng.random_range(0..several.len())],
            },
            view: views.then(|| rng.random()),
        };
        order.iter().map(draw).collect()
    }
}

/// Gives the values that enter the trained part: pixels, cached maps or cached embeddings.
pub trait InputSource: Sync {
    /// Values of one patch.
    fn width(&self) -> usize;

    /// Height, width and channels of one patch's values, where they are a map.
    fn map_sides(&self) -> Option<[usize; 3]> {
        None
    }

    /// Writes the values of each draw to `out`, one after another (`[draws, width]`; maps are
    /// `[height, width, channels]`).
    ///
    /// # Errors
    /// When a patch that has to be read cannot be used.
    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError>;

    /// The values of `rows`, looked at in one way (`[rows, width]`).
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn under(&self, view: View, rows: &[usize]) -> Result<Vec<f32>, TrainError> {
        let draws: Vec<Draw> = rows.iter().map(|row| Draw::of(*row, view)).collect();
        let mut values = vec![0.0; rows.len() * self.width()];
        self.fill(&draws, &mut values)?;
        Ok(values)
    }
}

impl<T: InputSource + ?Sized> InputSource for &T {
    fn width(&self) -> usize {
        (**self).width()
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        (**self).map_sides()
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        (**self).fill(draws, out)
    }
}
