//! Products under all mirrors and exchanges of rows and columns at once.

use crate::dispatch::multiversion;

/// Vectors of a gallery that are multiplied together: their sums fill most of the registers of AVX2 and of AVX-512
/// (32 leave those of the latter waiting, 64 do not fit those of the former).
pub const MIRROR_LANES: usize = 48;

/// A vector of coefficients in four parts, one after another: even rows and even columns, even and odd,
/// odd and even, odd and odd. A mirror changes the signs of whole parts.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored<'a> {
    /// The coefficients as they are.
    pub values: &'a [f32],
    /// The same with rows and columns exchanged.
    pub exchanged: &'a [f32],
    /// Where each part ends.
    pub ends: [usize; 4],
}

multiversion! {
    /// Raises `best` to the largest product of the vector with each of a gallery, under the eight
    /// symmetries of the square. The gallery lies in blocks of [`MIRROR_LANES`] vectors, `[blocks,
    /// coefficients, lanes]`; `best` has one value a vector.
    ///
    /// # Panics
    /// When a slice is too short.
    pub fn raise_under_mirrors<M>(query: Mirrored<'_>, gallery: &[f32], best: &mut [f32]) {
        let count = query.values.len();
        assert!(query.exchanged.len() == count && query.ends[3] == count, "one vector twice");
        let blocks = gallery.chunks_exact(count * MIRROR_LANES);
        for (block, best) in blocks.zip(best.chunks_exact_mut(MIRROR_LANES)) {
            let mut sums = [[[0.0_f32; MIRROR_LANES]; 2]; 4];
            let mut begin = 0;
            for (end, sums) in query.ends.iter().zip(&mut sums) {
                let mut plain = [0.0_f32; MIRROR_LANES];
                let mut exchanged = [0.0_f32; MIRROR_LANES];
                for at in begin..*end {
                    let (one, other) = (query.values[at], query.exchanged[at]);
                    let lanes = &block[at * MIRROR_LANES..][..MIRROR_LANES];
                    for lane in 0..MIRROR_LANES {
                        plain[lane] = M::mul_add(one, lanes[lane], plain[lane]);
                        exchanged[lane] = M::mul_add(other, lanes[lane], exchanged[lane]);
                    }
                }
                *sums = [plain, exchanged];
                begin = *end;
            }
            let [even, columns, rows, odd] = &sums;
            for turn in 0..2 {
                for lane in 0..MIRROR_LANES {
                    // Signs: none, both; rows, columns.
                    let one = even[turn][lane] + odd[turn][lane]
                        + (columns[turn][lane] + rows[turn][lane]).abs();
                    let other = even[turn][lane] - odd[turn][lane]
                        + (columns[turn][lane] - rows[turn][lane]).abs();
                    let most = if one > other { one } else { other };
                    best[lane] = if most > best[lane] { most } else { best[lane] };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_eight_symmetries_is_found() {
        let ends = [3, 5, 7, 10];
        let number = |at: usize| ((at * 7919 + 13) % 31) as f32 / 15.0 - 1.0;
        let values: Vec<f32> = (0..10).map(number).collect();
        let exchanged: Vec<f32> = (20..30).map(number).collect();
        let gallery: Vec<f32> = (50..50 + 2 * 10 * MIRROR_LANES).map(number).collect();
        let mut best = vec![f32::NEG_INFINITY; 2 * MIRROR_LANES];
        let query = Mirrored {
            values: &values,
            exchanged: &exchanged,
            ends,
        };
        raise_under_mirrors(query, &gallery, &mut best);
        for (column, found) in best.iter().enumerate() {
            let (block, lane) = (column / MIRROR_LANES, column % MIRROR_LANES);
            let mut expected = f32::NEG_INFINITY;
            for vector in [&values, &exchanged] {
                for [rows, columns] in [[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]] {
                    let signs = [1.0, columns, rows, rows * columns];
                    let product = |at: usize| {
                        let part = ends.iter().position(|end| at < *end).unwrap();
                        signs[part] * vector[at] * gallery[(block * 10 + at) * MIRROR_LANES + lane]
                    };
                    expected = f32::max(expected, (0..10).map(product).sum());
                }
            }
            assert!(
                (found - expected).abs() < 1e-5,
                "{column}: {found} {expected}"
            );
        }
    }
}
