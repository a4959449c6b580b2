//! Values as the words that kernels multiply.

use super::integers::Scale;
use crate::dispatch::multiversion;
use crate::microkernel::Word;

/// How values become words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    pub word: Word,
    /// Of integers.
    pub scale: Scale,
}

impl Encoding {
    /// The words of pixels of `channels` values, each pixel beginning a new one.
    pub fn encode(&self, values: &[f32], (channels, words): (usize, usize), out: &mut [f32]) {
        let Self { word, scale } = *self;
        let whole = channels == words * word.numbers();
        // Pixels that fill their words lie as one.
        let (channels, words) = if whole {
            (values.len().max(1), out.len().max(1))
        } else {
            out.fill(0.0);
            (channels, words)
        };
        for (pixel, out) in values
            .chunks_exact(channels)
            .zip(out.chunks_exact_mut(words))
        {
            match word {
                Word::Single => singles(pixel, out),
                Word::Brains => brains(pixel, bytemuck::cast_slice_mut(out)),
                Word::Shorts => shorts(pixel, scale, bytemuck::cast_slice_mut(out)),
                Word::Bytes => bytes(pixel, scale, bytemuck::cast_slice_mut(out)),
            }
        }
    }
}

/// The upper half of `value`, to nearest, ties to even, as an integer; a NaN stays one.
#[inline(always)]
pub(super) fn round_to_bf16(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if value.is_nan() { 0x7fc0 } else { rounded }
}

multiversion! {
    fn singles(values: &[f32], out: &mut [f32]) {
        for (value, out) in values.iter().zip(out) {
            *out = f32::from_bits(round_to_bf16(*value) << 16);
        }
    }
}

multiversion! {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half holds it")]
    fn brains(values: &[f32], out: &mut [u16]) {
        for (value, out) in values.iter().zip(out) {
            *out = round_to_bf16(*value) as u16;
        }
    }
}

multiversion! {
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to 255")]
    fn shorts(values: &[f32], scale: Scale, out: &mut [u16]) {
        for (value, out) in values.iter().zip(out) {
            *out = scale.integer(*value) as u16;
        }
    }
}

multiversion! {
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to 255")]
    fn bytes(values: &[f32], scale: Scale, out: &mut [u8]) {
        for (value, out) in values.iter().zip(out) {
            *out = scale.integer(*value) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_is_the_nearest_upper_half() {
        let rounded = |value: f32| f32::from_bits(round_to_bf16(value) << 16);
        for (value, expected) in [
            (1.0, 1.0),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.0 + 4.0 / 256.0),
            (-1.0 - 1.1 / 256.0, -1.0 - 2.0 / 256.0),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
            (-0.0, -0.0),
        ] {
            assert_eq!(rounded(value).to_bits(), f32::to_bits(expected), "{value}");
        }
        assert!(rounded(f32::NAN).is_nan());
        assert!(rounded(f32::from_bits(0x7f80_0001)).is_nan());
    }

    #[test]
    fn pixels_that_do_not_fill_their_words_end_in_zeros() {
        let scale = Scale::of(&[0.0, 255.0]);
        let encoding = Encoding {
            word: Word::Bytes,
            scale,
        };
        let mut words = [f32::NAN; 4];
        encoding.encode(
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 255.0],
            (5, 2),
            &mut words,
        );
        let bytes: &[u8] = bytemuck::cast_slice(&words);
        assert_eq!(bytes, [1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9, 255, 0, 0, 0]);
    }
}
