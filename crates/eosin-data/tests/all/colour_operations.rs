//! Colour and tone operations equal torchvision's to one step of a byte.

use std::collections::BTreeMap;

use eosin_data::RgbPatch;
use eosin_data::augment::{
    adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation, adjust_sharpness,
    autocontrast, equalise, posterise, solarise,
};

const WIDTH: usize = 7;
const HEIGHT: usize = 6;

/// The image of `colour_operations/make.py`, `times` as often along each axis.
fn image(times: usize) -> RgbPatch {
    let mut pixels = Vec::new();
    for y in 0..HEIGHT * times {
        for x in 0..WIDTH * times {
            let (x, y) = (x % WIDTH, y % HEIGHT);
            let value =
                |c: usize| u8::try_from((37 * x + 91 * y + 53 * c + x * y * c) % 256).unwrap();
            pixels.extend([0, 1, 2].map(value));
        }
    }
    RgbPatch {
        width_px: WIDTH * times,
        height_px: HEIGHT * times,
        pixels,
    }
}

/// The first tile of a larger image.
fn tile(patch: &RgbPatch) -> Vec<u8> {
    let lines = patch.pixels.chunks(patch.width_px * 3).take(HEIGHT);
    lines.flat_map(|line| line[..WIDTH * 3].to_vec()).collect()
}

#[test]
fn colour_and_tone_equal_torchvision() {
    let text = include_str!("colour_operations/goldens.json");
    let goldens: BTreeMap<String, Vec<u8>> = serde_json::from_str(text).unwrap();
    assert_eq!(goldens.len(), 13);
    let plain = image(1);
    let mut dim = plain.clone();
    dim.pixels
        .iter_mut()
        .for_each(|value| *value = *value / 2 + 40);
    for (name, expected) in goldens {
        let (operation, value) = name.split_once(' ').unwrap_or((&name, "0"));
        let value: f32 = value.parse().unwrap();
        let got = match operation {
            "brightness" => adjust_brightness(&plain, value),
            "contrast" => adjust_contrast(&plain, value),
            "saturation" => adjust_saturation(&plain, value),
            "hue" => adjust_hue(&plain, value),
            "posterise" => posterise(&plain, 3),
            "solarise" => solarise(&plain, value),
            "autocontrast" => autocontrast(&dim),
            "equalise" => equalise(&image(20)),
            _ => adjust_sharpness(&plain, value),
        };
        for (at, (got, expected)) in tile(&got).into_iter().zip(expected).enumerate() {
            assert!(
                got.abs_diff(expected) <= 1,
                "{name}, {at}: {got}, torchvision has {expected}"
            );
        }
    }
}
