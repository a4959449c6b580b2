//! Windows of a patch, and their low frequencies.

use eosin_core::D4;
use rayon::prelude::*;

use super::{FREQUENCIES, Layout, NUMBERS};
use crate::align::{Signs, Transform};
use crate::plane::{Grid, Sides};

/// What is looked for, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looking {
    /// Windows of each patch that may be seen in others.
    pub parts: &'static [Window],
    /// Windows of each patch that are compared with these.
    pub places: &'static [Window],
}

/// A square of a patch whose sides are 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub side: f64,
    pub left: f64,
    pub top: f64,
}

/// Copies and crops: a whole patch in parts of another.
pub(crate) const CROPS: Looking = Looking {
    parts: &[Window::new(1.0, 0.0, 0.0)],
    places: &WINDOWS,
};

/// Patches of which neither holds the other: a corner of one, wherever it lies in the other.
pub(crate) const SHIFTS: Looking = Looking {
    parts: &[
        Window::new(CORNER, 0.0, 0.0),
        Window::new(CORNER, 1.0 - CORNER, 0.0),
        Window::new(CORNER, 0.0, 1.0 - CORNER),
        Window::new(CORNER, 1.0 - CORNER, 1.0 - CORNER),
    ],
    places: &CORNER_PLACES,
};

/// Side of the corners that are looked for: two patches that are shifted by less than the rest share one.
const CORNER: f64 = 0.7;
/// Places of a corner along a side.
const PLACES: usize = 5;
const CORNER_PLACES: [Window; PLACES * PLACES] = corner_places();

const fn corner_places() -> [Window; PLACES * PLACES] {
    let mut places = [Window::new(CORNER, 0.0, 0.0); PLACES * PLACES];
    let step = (1.0 - CORNER) / (PLACES - 1) as f64;
    let mut at = 0;
    while at < places.len() {
        places[at].left = step * (at % PLACES) as f64;
        places[at].top = step * (at / PLACES) as f64;
        at += 1;
    }
    places
}

/// The whole patch, and windows such as a crop by 5 to 20 % of the sides leaves: of one size, and so
/// near to each other that any crop is more like one of them than other patches are (of 500 copies in
/// 10,500 patches 97 % have their original among the first two; windows of two sizes, 14 in all, find no
/// more).
const WINDOWS: [Window; 10] = [
    Window::new(1.0, 0.0, 0.0),
    Window::new(0.86, 0.0, 0.0),
    Window::new(0.86, 0.07, 0.0),
    Window::new(0.86, 0.14, 0.0),
    Window::new(0.86, 0.0, 0.07),
    Window::new(0.86, 0.07, 0.07),
    Window::new(0.86, 0.14, 0.07),
    Window::new(0.86, 0.0, 0.14),
    Window::new(0.86, 0.07, 0.14),
    Window::new(0.86, 0.14, 0.14),
];

impl Window {
    const fn new(side: f64, left: f64, top: f64) -> Self {
        Self { side, left, top }
    }

    /// The window in a turned patch.
    fn turned(&self, symmetry: D4) -> Self {
        let signs = Signs::of(symmetry);
        let far = |near: f64| 1.0 - self.side - near;
        let (mut left, mut top) = (self.left, self.top);
        if symmetry.swaps_sides() {
            (left, top) = (top, left);
        }
        Self {
            side: self.side,
            left: if signs.columns { far(left) } else { left },
            top: if signs.rows { far(top) } else { top },
        }
    }

    /// How a patch whose window `part`, turned, is seen in this window lies on the patch that has this one.
    pub(crate) fn transform(&self, part: &Self, symmetry: D4) -> Transform {
        let part = part.turned(symmetry);
        let scale = self.side / part.side;
        Transform {
            scale,
            x: self.left - scale * part.left,
            y: self.top - scale * part.top,
        }
    }

    /// The pixels that it covers, to the pixel.
    #[cfg(test)]
    pub(crate) fn cut(&self, grid: &Grid) -> Grid {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "places within a picture"
        )]
        let px = |share: f64, side: usize| (share * side as f64).round() as usize;
        let (left, top) = (px(self.left, grid.width), px(self.top, grid.height));
        let (width, height) = (px(self.side, grid.width), px(self.side, grid.height));
        let rows = (top..top + height).map(|row| &grid.values[row * grid.width + left..][..width]);
        Grid {
            values: rows.flatten().copied().collect(),
            width,
            height,
        }
    }
}

/// What turns a line of `side` pixels into the low frequencies of its part: `FREQUENCIES` rows.
fn cosines(side: usize, from: f64, share: f64) -> Vec<f32> {
    let (begin, length) = (from * side as f64, share * side as f64);
    let mut rows = Vec::with_capacity(FREQUENCIES * side);
    for frequency in 0..FREQUENCIES {
        for px in 0..side {
            // The integral of the cosine over what of the pixel lies in the window.
            let inside = |at: f64| ((at - begin) / length).clamp(0.0, 1.0);
            let (low, high) = (inside(px as f64), inside((px + 1) as f64));
            let turn = std::f64::consts::PI * frequency as f64;
            let value = if frequency == 0 {
                high - low
            } else {
                ((turn * high).sin() - (turn * low).sin()) / turn
            };
            #[expect(clippy::cast_possible_truncation, reason = "at most 1")]
            rows.push(value as f32);
        }
    }
    rows
}

/// What turns lines and columns of a picture into low frequencies of a window: the same for all pictures
/// of its size.
struct Waves {
    sides: Sides,
    across: Vec<f32>,
    down: Vec<f32>,
}

impl Waves {
    fn of(sides: Sides, window: &Window) -> Self {
        Self {
            sides,
            across: cosines(sides.width, window.left, window.side),
            down: cosines(sides.height, window.top, window.side),
        }
    }

    /// Those for `grid`, made anew where they are of another size.
    fn fit(&mut self, grid: &Grid, window: &Window) {
        let sides = Sides {
            width: grid.width,
            height: grid.height,
        };
        if self.sides != sides {
            *self = Self::of(sides, window);
        }
    }
}

/// Pictures that share waves.
const TOGETHER: usize = 64;

/// The low frequencies of a window of each picture.
fn each(grids: &[Grid], window: &Window) -> Vec<Layout> {
    let some = |grids: &[Grid]| {
        let none = Sides {
            width: 0,
            height: 0,
        };
        let mut waves = Waves::of(none, window);
        let layout = |grid: &Grid| {
            waves.fit(grid, window);
            transform(grid, &waves)
        };
        grids.iter().map(layout).collect::<Vec<_>>()
    };
    grids.par_chunks(TOGETHER).flat_map_iter(some).collect()
}

/// The low frequencies of one window of each patch, each by its spread, of length 1.
pub(crate) fn transforms(grids: &[Grid], window: &Window, spread: &Layout) -> Vec<Layout> {
    let of_patch = |mut layout: Layout| {
        for (value, spread) in layout.iter_mut().zip(spread) {
            *value *= spread;
        }
        let length = layout.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            for value in &mut layout {
                *value /= length;
            }
        }
        layout
    };
    each(grids, window).into_iter().map(of_patch).collect()
}

fn transform(grid: &Grid, waves: &Waves) -> Layout {
    let Waves { across, down, .. } = waves;
    let mut lines = vec![0.0_f32; FREQUENCIES * grid.width];
    for (frequency, line) in lines.chunks_exact_mut(grid.width).enumerate() {
        let weights = &down[frequency * grid.height..][..grid.height];
        for (row, weight) in grid.values.chunks_exact(grid.width).zip(weights) {
            for (sum, value) in line.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    let mut layout = [0.0; NUMBERS];
    for (at, value) in layout.iter_mut().enumerate().skip(1) {
        let line = &lines[at / FREQUENCIES * grid.width..][..grid.width];
        let weights = &across[at % FREQUENCIES * grid.width..][..grid.width];
        *value = line.iter().zip(weights).map(|(a, b)| a * b).sum();
    }
    layout
}

/// One over the root mean square of each number over the set, of rows and columns alike.
pub(crate) fn spread(grids: &[Grid]) -> Layout {
    let layouts = each(grids, &Window::new(1.0, 0.0, 0.0));
    let square = |at: usize| {
        layouts
            .iter()
            .map(|layout| layout[at] * layout[at])
            .sum::<f32>()
    };
    let squares: Layout = std::array::from_fn(square);
    std::array::from_fn(|at| {
        let (row, column) = (at / FREQUENCIES, at % FREQUENCIES);
        let both = squares[at] + squares[column * FREQUENCIES + row];
        if at == 0 || both <= 0.0 {
            0.0
        } else {
            (both / (2.0 * layouts.len() as f32)).sqrt().recip()
        }
    })
}
