//! Any pixel mode to 8-bit RGB.

use super::PixelMode;

/// Converts native-endian samples of `mode` to interleaved RGB.
pub(super) fn to_rgb(samples: Vec<u8>, mode: PixelMode) -> Vec<u8> {
    match mode {
        PixelMode::Rgb8 => samples,
        PixelMode::Grey8 => from_8::<1>(&samples),
        PixelMode::GreyAlpha8 => from_8::<2>(&samples),
        PixelMode::Rgba8 => from_8::<4>(&samples),
        PixelMode::Grey16 => from_16::<1>(&samples),
        PixelMode::GreyAlpha16 => from_16::<2>(&samples),
        PixelMode::Rgb16 => from_16::<3>(&samples),
        PixelMode::Rgba16 => from_16::<4>(&samples),
    }
}

/// The largest value of any colour, alpha left out.
pub(super) fn peak(samples: &[u8], mode: PixelMode) -> u16 {
    let (channels, has_alpha) = mode.samples();
    let colours = channels - usize::from(has_alpha);
    let largest = if mode.is_wide() {
        let pixels = samples.chunks_exact(2 * channels);
        let colours = pixels.flat_map(|pixel| pixel.as_chunks::<2>().0[..colours].iter());
        colours.map(|value| u16::from_ne_bytes(*value)).max()
    } else {
        let pixels = samples.chunks_exact(channels);
        let colours = pixels.flat_map(|pixel| pixel[..colours].iter());
        colours.max().map(|value| u16::from(*value))
    };
    largest.unwrap_or(0)
}

fn from_8<const CHANNELS: usize>(samples: &[u8]) -> Vec<u8> {
    let pixels = samples.as_chunks::<CHANNELS>().0.iter();
    pixels
        .flat_map(|pixel| over_white(pixel.map(u32::from), 255))
        .collect()
}

fn from_16<const CHANNELS: usize>(samples: &[u8]) -> Vec<u8> {
    let samples: Vec<u32> = samples
        .as_chunks::<2>()
        .0
        .iter()
        .map(|bytes| u32::from(u16::from_ne_bytes(*bytes)))
        .collect();
    let pixels = samples.as_chunks::<CHANNELS>().0.iter();
    pixels
        .flat_map(|pixel| over_white(*pixel, 65_535))
        .collect()
}

/// One pixel with values up to `max` as RGB, composed over white when it has alpha.
fn over_white<const CHANNELS: usize>(pixel: [u32; CHANNELS], max: u32) -> [u8; 3] {
    let colour = match CHANNELS {
        1 | 2 => [pixel[0]; 3],
        _ => [pixel[0], pixel[1], pixel[2]],
    };
    let alpha = if CHANNELS.is_multiple_of(2) {
        pixel[CHANNELS - 1]
    } else {
        max
    };
    colour.map(|value| {
        let (value, alpha, max) = (u64::from(value), u64::from(alpha), u64::from(max));
        let composed = value * alpha + max * (max - alpha);
        let square = max * max;
        u8::try_from((composed * 255 + square / 2) / square).unwrap_or(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_composed_over_white() {
        let rgba = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128];
        let rgb = to_rgb(rgba, PixelMode::Rgba8);
        assert_eq!(rgb, [10, 20, 30, 255, 255, 255, 127, 127, 127]);
        assert_eq!(
            to_rgb(vec![40, 255, 40, 0], PixelMode::GreyAlpha8),
            [40, 40, 40, 255, 255, 255]
        );
    }

    #[test]
    fn sixteen_bits_are_rounded_to_nearest_and_eight_bits_survive_the_way_back() {
        for value in 0..=255_u16 {
            let wide = (value * 257).to_ne_bytes().to_vec();
            let narrow = to_rgb(wide, PixelMode::Grey16);
            assert_eq!(narrow, [u8::try_from(value).unwrap(); 3]);
        }
        let below_half = 128_u16.to_ne_bytes().to_vec();
        let above_half = 129_u16.to_ne_bytes().to_vec();
        assert_eq!(to_rgb(below_half, PixelMode::Grey16), [0; 3]);
        assert_eq!(to_rgb(above_half, PixelMode::Grey16), [1; 3]);
    }
}
