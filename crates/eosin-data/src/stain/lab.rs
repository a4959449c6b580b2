//! CIELAB, as floats and as `OpenCV`'s bytes.

use super::matrix::inverse;

/// To X, Y, Z from linear red, green and blue (sRGB, D65), as scikit-image, `OpenCV` and torchstain
/// have it.
const XYZ: [[f64; 3]; 3] = [
    [0.412_453, 0.357_580, 0.180_423],
    [0.212_671, 0.715_160, 0.072_169],
    [0.019_334, 0.119_193, 0.950_227],
];
/// White of torchstain and scikit-image.
const WHITE: [f64; 3] = [0.95047, 1.0, 1.08883];
/// White of `OpenCV`.
const OPEN_CV_WHITE: [f64; 3] = [0.950_456, 1.0, 1.088_754];

/// CIELAB in floats: L from 0 to 100, a and b about 0.
pub(super) struct Lab {
    /// Linear light of a byte.
    linear: [f64; 256],
    white: [f64; 3],
    /// From X, Y, Z to linear red, green and blue.
    back: [[f64; 3]; 3],
}

impl Lab {
    /// As torchstain and scikit-image have it.
    pub(super) fn new() -> Self {
        Self::under(WHITE)
    }

    fn under(white: [f64; 3]) -> Self {
        let linear = |value: usize| {
            let value = value as f64 / 255.0;
            if value > 0.04045 {
                ((value + 0.055) / 1.055).powf(2.4)
            } else {
                value / 12.92
            }
        };
        Self {
            linear: std::array::from_fn(linear),
            white,
            back: inverse(XYZ),
        }
    }

    /// Of red, green and blue.
    pub(super) fn forward(&self, pixel: [u8; 3]) -> [f64; 3] {
        let linear = pixel.map(|value| self.linear[usize::from(value)]);
        let bent = |row: usize| {
            let share = product(&XYZ[row], linear) / self.white[row];
            if share > 0.008_856 {
                share.cbrt()
            } else {
                7.787 * share + 16.0 / 116.0
            }
        };
        let [x, y, z] = [bent(0), bent(1), bent(2)];
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// Red, green and blue from 0 to 255, not rounded.
    pub(super) fn backward(&self, [l, a, b]: [f64; 3]) -> [f64; 3] {
        let y = (l + 16.0) / 116.0;
        let bent = [y + a / 500.0, y, y - b / 200.0];
        let straight = |row: usize| {
            let value = bent[row];
            let share = if value > 0.206_896_6 {
                value.powi(3)
            } else {
                (value - 16.0 / 116.0) / 7.787
            };
            share * self.white[row]
        };
        let xyz = [straight(0), straight(1), straight(2)];
        self.back.map(|row| {
            let value = product(&row, xyz);
            let value = if value > 0.003_130_8 {
                1.055 * value.powf(1.0 / 2.4) - 0.055
            } else {
                12.92 * value
            };
            255.0 * value.clamp(0.0, 1.0)
        })
    }
}

fn product(row: &[f64; 3], vector: [f64; 3]) -> f64 {
    row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]
}

/// Bits behind the point of `OpenCV`'s matrix.
const MATRIX_BITS: i32 = 12;
/// Bits behind the point of its table of cube roots.
const ROOT_BITS: i32 = 15;

/// CIELAB in bytes (L times 2.55, a and b plus 128) as `OpenCV` computes it, in whole numbers: `RGB2Lab_b`
/// of `modules/imgproc/src/color_lab.cpp`. Of all colours 0.01 % differ, by one, from `OpenCV` 5.0.
pub(super) struct OpenCvLab {
    linear: [i32; 256],
    roots: Vec<i32>,
    matrix: [[i32; 3]; 3],
    floats: Lab,
}

#[expect(clippy::cast_possible_truncation, reason = "of at most 17 bits")]
fn whole(value: f64) -> i32 {
    value.round_ties_even() as i32
}

impl OpenCvLab {
    pub(super) fn new() -> Self {
        let floats = Lab::under(OPEN_CV_WHITE);
        let root = |at: usize| {
            let share = at as f64 / (255.0 * 8.0);
            let bent = if share < 216.0 / 24389.0 {
                share * (841.0 / 108.0) + 16.0 / 116.0
            } else {
                share.cbrt()
            };
            whole(f64::from(1 << ROOT_BITS) * bent)
        };
        let entry = |row: usize, column: usize| {
            whole(f64::from(1 << MATRIX_BITS) * XYZ[row][column] / OPEN_CV_WHITE[row])
        };
        Self {
            linear: floats.linear.map(|light| whole(255.0 * 8.0 * light)),
            roots: (0..256 * 3 / 2 * 8).map(root).collect(),
            matrix: std::array::from_fn(|row| std::array::from_fn(|column| entry(row, column))),
            floats,
        }
    }

    /// Of red, green and blue.
    pub(super) fn forward(&self, pixel: [u8; 3]) -> [u8; 3] {
        let [red, green, blue] = pixel.map(|value| self.linear[usize::from(value)]);
        let roots = self.matrix.map(|row| {
            let share = (row[0] * red + row[1] * green + row[2] * blue + (1 << (MATRIX_BITS - 1)))
                >> MATRIX_BITS;
            self.roots[usize::try_from(share).unwrap_or(0)]
        });
        let half = 1 << (ROOT_BITS - 1);
        let light = (116 * 255 + 50) / 100 * roots[1] - (16 * 255 * (1 << ROOT_BITS) + 50) / 100;
        let reddish = 500 * (roots[0] - roots[1]) + 128 * (1 << ROOT_BITS);
        let yellowish = 200 * (roots[1] - roots[2]) + 128 * (1 << ROOT_BITS);
        [light, reddish, yellowish].map(|value| {
            let value = (value + half) >> ROOT_BITS;
            u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
        })
    }

    /// Red, green and blue, rounded: within 1 of `OpenCV` (its tables have 14 bits), on colours of
    /// images.
    pub(super) fn backward(&self, [l, a, b]: [u8; 3]) -> [u8; 3] {
        let lab = [
            f64::from(l) * 100.0 / 255.0,
            f64::from(a) - 128.0,
            f64::from(b) - 128.0,
        ];
        let colour = self.floats.backward(lab);
        colour.map(|value| super::convention::cut_off(value.round()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_colour() {
        let (lab, bytes) = (Lab::new(), OpenCvLab::new());
        for value in 0..=255_u8 {
            let pixel = [value, value.wrapping_mul(31), value.wrapping_mul(77)];
            let back = lab.backward(lab.forward(pixel));
            assert!(
                pixel
                    .iter()
                    .zip(back)
                    .all(|(a, b)| (f64::from(*a) - b).abs() < 0.1)
            );
            // Bytes of CIELAB are coarse; of colours of tissue they lose little.
            let pixel = [128 + value / 2, 60 + value / 2, 140 + value / 3];
            let back = bytes.backward(bytes.forward(pixel));
            assert!(
                pixel.iter().zip(back).all(|(a, b)| a.abs_diff(b) <= 3),
                "{pixel:?} {back:?}"
            );
        }
    }

    #[test]
    fn bytes_are_open_cvs() {
        // cv2 5.0.0.93: cv2.cvtColor(x, cv2.COLOR_RGB2LAB)
        let lab = OpenCvLab::new();
        let known = [
            ([255, 255, 255], [255, 128, 128]),
            ([0, 0, 0], [0, 128, 128]),
            ([180, 120, 190], [150, 163, 101]),
            ([90, 60, 120], [80, 154, 99]),
        ];
        for (pixel, wanted) in known {
            assert_eq!(lab.forward(pixel), wanted, "{pixel:?}");
        }
    }
}
