//! The innermost product: a few rows times one panel of packed columns, sums kept in registers.
//!
//! Rows are read where they lie, so a convolution needs no copy of its windows: a row is the start
//! of a window, and the taps of the window are the same few distances from it for every row (the
//! "indirect" convolution of Dukhan 2019, arXiv:1907.02129, with one offset a tap).
//!
//! What is multiplied are *words* of 32 bits: one `f32`, two [bf16](bf16) numbers, or two or four
//! [integers](int8). They travel as `f32`, whatever their bits mean.

mod bf16;
mod int8;
mod lanes;
mod single;

use std::sync::LazyLock;

use crate::precision::Precision;

/// The most rows that any kernel multiplies at once.
pub(crate) const MOST_ROWS: usize = 8;

/// The most columns of a panel.
pub(crate) const MOST_COLUMNS: usize = 32;

/// What a word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// An `f32`.
    Single,
    /// Two bf16 numbers, the first in the lower half; their products' sums are `f32`.
    Brains,
    /// Two 16-bit integers, the first in the lower half; their products' sums are `i32`.
    Shorts,
    /// Four 8-bit integers, the first lowest: unsigned ones in rows, signed ones in panels; their
    /// products' sums are `i32`.
    Bytes,
}

impl Word {
    /// Numbers of a word.
    pub const fn numbers(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Brains | Self::Shorts => 2,
            Self::Bytes => 4,
        }
    }
}

/// A run of a row's words that lie one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Distance from the row's start.
    pub offset: usize,
    /// Words.
    pub len: usize,
}

/// What the sums start from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// One value a column.
    Bias(*const f32),
    /// One value a column, plus what lies at the output's place in another map.
    BiasAndShortcut(*const f32, *const f32),
    /// What the output holds: the only one, but for a bias of zeros, for integers.
    Output,
}

/// One call of a kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tile<'a> {
    /// Where the rows' offsets count from.
    pub left: *const f32,
    /// Start of each row; as many as the kernel's rows, the last repeated where there are fewer.
    pub rows: &'a [usize],
    /// What a row is made of.
    pub pieces: &'a [Piece],
    /// `[sum of the pieces' lengths, columns]`.
    pub panel: *const f32,
    pub start: Start,
    /// The first row's output.
    pub out: *mut f32,
    /// Distance between rows of the output, and of the shortcut.
    pub stride: usize,
    /// Rows that are written.
    pub count: usize,
    /// The finished sums are clamped to this; a NaN stays one.
    pub bounds: (f32, f32),
}

/// A kernel for one width of panel: see [`Tile`].
///
/// # Safety
/// The processor must have the instructions that the kernel is compiled for, and all pointers must
/// be valid for what the tile says is read and written there.
pub(crate) type Run = unsafe fn(&Tile<'_>);

/// The kernels of one instruction set: for panels of `lanes` columns and of twice as many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Microkernel {
    /// The instructions that it needs.
    pub name: &'static str,
    /// What it multiplies.
    pub word: Word,
    /// Rows of a tile.
    pub rows: usize,
    /// Columns of a narrow panel.
    pub lanes: usize,
    /// Product with a panel of `lanes` columns.
    pub narrow: Run,
    /// Product with a panel of `2 * lanes` columns.
    pub wide: Run,
}

impl Microkernel {
    /// Those that compute with this precision and that the processor can run, the best first.
    pub fn available(precision: Precision) -> Vec<Self> {
        match precision {
            Precision::F32 => single::available(),
            Precision::Bf16 => bf16::available(),
            Precision::Int8 => int8::available(),
        }
    }

    /// The best that the processor can run.
    pub fn best(precision: Precision) -> Self {
        static BEST: LazyLock<[Microkernel; 3]> =
            LazyLock::new(|| Precision::ALL.map(|precision| Microkernel::available(precision)[0]));
        BEST[precision as usize]
    }
}

/// A module with the kernel of one instruction set, from its vector type and operations.
macro_rules! microkernel {
    (
        $module:ident, $word:ident, rows $rows:literal, lanes $lanes:literal, $vector:ty,
        $(#[$feature:meta])? uses { $($import:tt)* }
        load $load:expr, store $store:expr, splat $splat:expr, zero $zero:expr, fma $fma:expr,
        add $add:expr, min $min:expr, max $max:expr
    ) => {
        mod $module {
            use $crate::microkernel::{Microkernel, Start, Tile, Word};
            $($import)*

            const ROWS: usize = $rows;
            const LANES: usize = $lanes;

            pub(super) const KERNEL: Microkernel = Microkernel {
                name: stringify!($module),
                word: Word::$word,
                rows: ROWS,
                lanes: LANES,
                narrow: product::<1>,
                wide: product::<2>,
            };

            /// # Safety
            /// See [`Run`](crate::microkernel::Run).
            $(#[$feature])?
            #[expect(unsafe_code, reason = "vector instructions on raw pointers")]
            unsafe fn product<const V: usize>(tile: &Tile<'_>) {
                // SAFETY: the caller vouches for the pointers, the instructions and the counts of
                // `tile`; every access below stays within what they say.
                unsafe {
                    let mut sums = [[$zero; V]; ROWS];
                    match tile.start {
                        Start::Bias(bias) => {
                            for v in 0..V {
                                let bias = $load(bias.add(v * LANES));
                                for row in &mut sums {
                                    row[v] = bias;
                                }
                            }
                        }
                        Start::BiasAndShortcut(bias, shortcut) => {
                            for v in 0..V {
                                let bias = $load(bias.add(v * LANES));
                                for (at, row) in sums.iter_mut().enumerate() {
                                    if at < tile.count {
                                        let other = shortcut.add(at * tile.stride + v * LANES);
                                        row[v] = $add(bias, $load(other));
                                    }
                                }
                            }
                        }
                        Start::Output => {
                            for (at, row) in sums.iter_mut().enumerate() {
                                if at < tile.count {
                                    for (v, sum) in row.iter_mut().enumerate() {
                                        *sum = $load(tile.out.add(at * tile.stride + v * LANES));
                                    }
                                }
                            }
                        }
                    }
                    let mut panel = tile.panel;
                    for piece in tile.pieces {
                        let left: [*const f32; ROWS] = std::array::from_fn(|at| {
                            tile.left.add(*tile.rows.get_unchecked(at) + piece.offset)
                        });
                        for k in 0..piece.len {
                            let columns: [$vector; V] =
                                std::array::from_fn(|v| $load(panel.add(v * LANES)));
                            for at in 0..ROWS {
                                let value = $splat(*left[at].add(k));
                                for v in 0..V {
                                    sums[at][v] = $fma(value, columns[v], sums[at][v]);
                                }
                            }
                            panel = panel.add(V * LANES);
                        }
                    }
                    let (low, high) = ($splat(tile.bounds.0), $splat(tile.bounds.1));
                    for (at, row) in sums.iter().enumerate() {
                        if at < tile.count {
                            for (v, sum) in row.iter().enumerate() {
                                let clamped = $min(high, $max(low, *sum));
                                $store(tile.out.add(at * tile.stride + v * LANES), clamped);
                            }
                        }
                    }
                }
            }
        }
    };
}
use microkernel;
