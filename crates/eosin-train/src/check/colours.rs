//! Whether patches look like H&E in red, green and blue.

use super::Finding;

/// Brighter than this is background.
const BACKGROUND: f32 = 0.86;
/// Correlation of brightness with red minus blue below which the channels are swapped. Tissue has
/// 0.2 and more: eosin is bright and red, haematoxylin dark and blue.
const SWAPPED: f64 = -0.1;
/// Difference of next pixels over that of pixels three apart above which a picture was reshaped.
/// Tissue has 0.4 to 0.7; a reshaped picture has its three channels in turn, and above 1.
const RESHAPED: f64 = 1.0;

/// Checks unscaled pixels (0..1) and scaled ones of the same square patches, both `[patches, side,
/// side, 3]`, as training sees them.
pub(crate) fn check_pixels(pixels: &[f32], scaled: &[f32], side: usize) -> Vec<Finding> {
    let share = neighbours(scaled, side);
    let reshaped = share.filter(|share| *share > RESHAPED).map(|share| {
        format!(
            "next pixels differ {share:.2} times as much as pixels three apart: the patches were \
             reshaped where they should have been transposed"
        )
    });
    let correlation = red_correlation(pixels);
    let swapped = correlation.filter(|value| *value < SWAPPED).map(|value| {
        format!(
            "bright tissue is blue and dark tissue red (correlation {value:.2}): the channels seem \
             to be in the order blue, green, red; write the patches anew as RGB"
        )
    });
    vec![
        Finding::new("patches are transposed and not reshaped", reshaped),
        Finding::new("channels are in the order red, green, blue", swapped),
        Finding::new("scaled values are in range", out_of_range(scaled)),
    ]
}

/// Mean difference of horizontally next pixels over that of pixels three apart.
fn neighbours(values: &[f32], side: usize) -> Option<f64> {
    let (mut next, mut third) = (0.0, 0.0);
    for row in values.chunks_exact(side * 3) {
        for window in row.windows(10) {
            next += f64::from((window[3] - window[0]).abs());
            third += f64::from((window[9] - window[0]).abs());
        }
    }
    (third > 0.0).then(|| next / third)
}

/// Pearson's correlation of brightness with red minus blue, over pixels that are no background.
fn red_correlation(pixels: &[f32]) -> Option<f64> {
    let (pixels, _) = pixels.as_chunks::<3>();
    let pairs = pixels.iter().filter_map(|[red, green, blue]| {
        let brightness = (red + green + blue) / 3.0;
        (brightness < BACKGROUND).then(|| (f64::from(brightness), f64::from(red - blue)))
    });
    let (mut count, mut sums, mut squares, mut product) = (0.0, [0.0; 2], [0.0; 2], 0.0);
    for (brightness, redness) in pairs {
        count += 1.0;
        sums = [sums[0] + brightness, sums[1] + redness];
        squares = [
            squares[0] + brightness * brightness,
            squares[1] + redness * redness,
        ];
        product += brightness * redness;
    }
    let variance = |at: usize| squares[at] / count - (sums[at] / count).powi(2);
    let covariance = product / count - sums[0] / count * (sums[1] / count);
    // Grey patches have no hue to tell channels by.
    let enough = count >= 100.0 && variance(0) > 1e-5 && variance(1) > 1e-5;
    enough.then(|| covariance / (variance(0) * variance(1)).sqrt())
}

/// Networks expect channels of mean about 0 and deviation about 1.
fn out_of_range(scaled: &[f32]) -> Option<String> {
    if let Some(value) = scaled.iter().find(|value| !value.is_finite()) {
        return Some(format!(
            "a scaled value is {value}: check the channel statistics"
        ));
    }
    (0..3).find_map(|channel| {
        let values = || {
            scaled
                .iter()
                .skip(channel)
                .step_by(3)
                .map(|v| f64::from(*v))
        };
        let count = values().count().max(1) as f64;
        let mean = values().sum::<f64>() / count;
        let deviation = (values().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
        let wrong = mean.abs() > 4.0 || !(0.02..=6.0).contains(&deviation);
        wrong.then(|| {
            let name = ["red", "green", "blue"][channel];
            format!(
                "scaled {name} has mean {mean:.2} and deviation {deviation:.2}, far from 0 and 1: \
                 check '--normalise' and whether the patches are blank"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smooth tissue: bright eosin and dark haematoxylin in waves.
    fn tissue(side: usize) -> Vec<f32> {
        let pixel = |at: usize| {
            let (row, column) = ((at / side) as f32, (at % side) as f32);
            let nucleus = 0.5 + 0.5 * (row / 9.0).sin() * (column / 7.0).cos();
            let mix = |eosin: f32, haematoxylin: f32| eosin + (haematoxylin - eosin) * nucleus;
            [mix(0.85, 0.40), mix(0.55, 0.25), mix(0.70, 0.50)]
        };
        (0..side * side).flat_map(pixel).collect()
    }

    fn problems(pixels: &[f32], side: usize) -> Vec<String> {
        let scaled: Vec<f32> = pixels.iter().map(|value| (value - 0.5) / 0.2).collect();
        let findings = check_pixels(pixels, &scaled, side).into_iter();
        findings
            .filter(|f| f.problem.is_some())
            .map(|f| f.check)
            .collect()
    }

    #[test]
    fn tissue_has_no_problem() {
        assert_eq!(problems(&tissue(64), 64), [""; 0]);
    }

    #[test]
    fn swapped_channels_are_seen() {
        let mut pixels = tissue(64);
        pixels.chunks_exact_mut(3).for_each(<[f32]>::reverse);
        assert_eq!(
            problems(&pixels, 64),
            ["channels are in the order red, green, blue"]
        );
    }

    #[test]
    fn a_reshaped_picture_is_no_picture() {
        // The bug of the 2020 baseline: rows, columns and channels read as channels, rows, columns.
        let (pixels, side) = (tissue(64), 64);
        let planes = side * side;
        let reshaped: Vec<f32> = (0..planes)
            .flat_map(|at| [0, 1, 2].map(|channel| pixels[channel * planes + at]))
            .collect();
        assert!(
            problems(&reshaped, side)
                .contains(&"patches are transposed and not reshaped".to_owned())
        );
    }

    #[test]
    fn values_that_were_not_scaled_are_out_of_range() {
        let pixels: Vec<f32> = tissue(64).iter().map(|value| value * 255.0).collect();
        let findings = check_pixels(&tissue(64), &pixels, 64);
        assert!(
            findings[2]
                .problem
                .as_ref()
                .unwrap()
                .contains("scaled red has mean")
        );
    }
}
