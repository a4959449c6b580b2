//! The innermost product: a few rows times one panel of packed columns, sums kept in registers.
//!
//! Rows are read where they lie, so a convolution needs no copy of its windows: a row is the start
//! of a window, and the taps of the window are the same few distances from it for every row (the
//! "indirect" convolution of Dukhan 2019, arXiv:1907.02129, with one offset a tap).

use std::sync::LazyLock;

#[cfg(target_arch = "x86_64")]
use crate::dispatch::{has_avx2, has_avx512};

/// The most rows that any kernel multiplies at once.
pub(crate) const MOST_ROWS: usize = 8;

/// The most columns of a panel.
pub(crate) const MOST_COLUMNS: usize = 32;

/// A run of a row's values that lie one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Distance from the row's start.
    pub offset: usize,
    /// Values.
    pub len: usize,
}

/// What the sums start from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// One value a column.
    Bias(*const f32),
    /// One value a column, plus what lies at the output's place in another map.
    BiasAndShortcut(*const f32, *const f32),
    /// What the output holds.
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
    /// Those that the processor can run, the best first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                found.push(avx512::KERNEL);
            }
            if has_avx2() {
                found.push(avx2::KERNEL);
            }
        }
        found.push(portable::KERNEL);
        found
    }

    /// The best that the processor can run.
    pub fn best() -> Self {
        static BEST: LazyLock<Microkernel> = LazyLock::new(|| Microkernel::available()[0]);
        *BEST
    }
}

/// A module with the kernel of one instruction set, from its vector type and operations.
macro_rules! microkernel {
    (
        $module:ident, rows $rows:literal, lanes $lanes:literal, $vector:ty,
        $(#[$feature:meta])? uses { $($import:tt)* }
        load $load:expr, store $store:expr, splat $splat:expr, zero $zero:expr, fma $fma:expr,
        add $add:expr, min $min:expr, max $max:expr
    ) => {
        mod $module {
            use super::{Microkernel, Start, Tile};
            $($import)*

            const ROWS: usize = $rows;
            const LANES: usize = $lanes;

            pub(super) const KERNEL: Microkernel = Microkernel {
                rows: ROWS,
                lanes: LANES,
                narrow: product::<1>,
                wide: product::<2>,
            };

            /// # Safety
            /// See [`super::Run`].
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

#[cfg(target_arch = "x86_64")]
microkernel! {
    avx512, rows 8, lanes 16, __m512,
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
    uses {
        use std::arch::x86_64::{
            __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps,
            _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
        };
    }
    load _mm512_loadu_ps, store _mm512_storeu_ps, splat _mm512_set1_ps, zero _mm512_setzero_ps(),
    fma _mm512_fmadd_ps, add _mm512_add_ps, min _mm512_min_ps, max _mm512_max_ps
}

#[cfg(target_arch = "x86_64")]
microkernel! {
    avx2, rows 6, lanes 8, __m256,
    #[target_feature(enable = "avx2,fma")]
    uses {
        use std::arch::x86_64::{
            __m256, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps,
            _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        };
    }
    load _mm256_loadu_ps, store _mm256_storeu_ps, splat _mm256_set1_ps, zero _mm256_setzero_ps(),
    fma _mm256_fmadd_ps, add _mm256_add_ps, min _mm256_min_ps, max _mm256_max_ps
}

// Four lanes that the compiler turns into the vectors that every processor of an architecture has
// (SSE2, NEON).
microkernel! {
    portable, rows 4, lanes 8, Lanes,
    uses {
        use crate::activation::clamp;
        use crate::dispatch::{MulAdd as _, Plain};

        type Lanes = [f32; LANES];

        fn load(from: *const f32) -> Lanes {
            #[expect(unsafe_code, reason = "the callers' pointers")]
            // SAFETY: only called by `product`, whose caller vouches for its pointers.
            unsafe { from.cast::<Lanes>().read() }
        }

        fn store(to: *mut f32, lanes: Lanes) {
            #[expect(unsafe_code, reason = "the callers' pointers")]
            // SAFETY: only called by `product`, whose caller vouches for its pointers.
            unsafe { to.cast::<Lanes>().write(lanes) }
        }

        fn each(left: Lanes, right: Lanes, join: impl Fn(f32, f32) -> f32) -> Lanes {
            std::array::from_fn(|lane| join(left[lane], right[lane]))
        }

        #[inline(always)]
        fn fma(value: Lanes, column: Lanes, sum: Lanes) -> Lanes {
            std::array::from_fn(|lane| Plain::mul_add(value[lane], column[lane], sum[lane]))
        }
    }
    load load, store store, splat |value| [value; LANES], zero [0.0; LANES], fma fma,
    add |left, right| each(left, right, |left, right| left + right),
    min |high: Lanes, sum| each(high, sum, |high, sum| clamp(sum, f32::NEG_INFINITY, high)),
    max |low: Lanes, sum| each(low, sum, |low, sum| clamp(sum, low, f32::INFINITY))
}
