//! Sums over the positions of a map, one a channel: what batch statistics and their gradients are
//! made of.

use crate::dispatch::multiversion;

/// Positions whose sums are kept in single precision before they are added in double.
const TOGETHER: usize = 64;

/// For each channel of `map` (`[positions, channels]`) the sums of its values and of their squares,
/// less `centre`: something near the mean, lest the digits cancel.
///
/// # Panics
/// When `map` has not whole positions.
pub fn channel_moments(map: &[f32], centre: &[f32]) -> [Vec<f64>; 2] {
    in_blocks(map.len(), centre.len(), |span, sums| {
        add_moments(&map[span], centre, sums);
    })
}

/// For each channel the sum of `gradient` and that of its product with `map - centre`; both are
/// `[positions, channels]`.
///
/// # Panics
/// When the lengths differ.
pub fn channel_products(gradient: &[f32], map: &[f32], centre: &[f32]) -> [Vec<f64>; 2] {
    assert_eq!(gradient.len(), map.len(), "one gradient a value");
    in_blocks(map.len(), centre.len(), |span, sums| {
        add_products(&gradient[span.clone()], &map[span], centre, sums);
    })
}

/// Two sums a channel, each block's in single precision, those of all blocks in double.
fn in_blocks(
    len: usize,
    channels: usize,
    add: impl Fn(std::ops::Range<usize>, &mut [f32]),
) -> [Vec<f64>; 2] {
    assert!(len.is_multiple_of(channels), "positions must be whole");
    let mut totals = [vec![0.0; channels], vec![0.0; channels]];
    let mut sums = vec![0.0; 2 * channels];
    for first in (0..len).step_by(TOGETHER * channels) {
        sums.fill(0.0);
        add(first..len.min(first + TOGETHER * channels), &mut sums);
        for (totals, sums) in totals.iter_mut().zip(sums.chunks_exact(channels)) {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += f64::from(*sum);
            }
        }
    }
    totals
}

multiversion! {
    fn add_moments<M>(map: &[f32], centre: &[f32], sums: &mut [f32]) {
        let channels = centre.len();
        let (sums, squares) = sums.split_at_mut(channels);
        for map in map.chunks_exact(channels) {
            for channel in 0..channels {
                let value = map[channel] - centre[channel];
                sums[channel] += value;
                squares[channel] = M::mul_add(value, value, squares[channel]);
            }
        }
    }
}

multiversion! {
    fn add_products<M>(gradient: &[f32], map: &[f32], centre: &[f32], sums: &mut [f32]) {
        let channels = centre.len();
        let (sums, products) = sums.split_at_mut(channels);
        for (gradient, map) in gradient.chunks_exact(channels).zip(map.chunks_exact(channels)) {
            for channel in 0..channels {
                let value = map[channel] - centre[channel];
                sums[channel] += gradient[channel];
                products[channel] = M::mul_add(gradient[channel], value, products[channel]);
            }
        }
    }
}

multiversion! {
    /// `gradient = factors[0] gradient + factors[1] map + factors[2]` for each channel: the
    /// gradient of a batch norm's input, whose statistics depend on it (Ioffe & Szegedy 2015,
    /// arXiv:1502.03167), with factors that hold the sums of [`channel_products`].
    pub fn batch_norm_backward<M>(map: &[f32], factors: &[Vec<f32>; 3], gradient: &mut [f32]) {
        let [of_gradient, of_map, shift] = factors;
        let channels = shift.len();
        for (gradient, map) in gradient.chunks_exact_mut(channels).zip(map.chunks_exact(channels)) {
            for channel in 0..channels {
                let rest = M::mul_add(map[channel], of_map[channel], shift[channel]);
                gradient[channel] = M::mul_add(gradient[channel], of_gradient[channel], rest);
            }
        }
    }
}
