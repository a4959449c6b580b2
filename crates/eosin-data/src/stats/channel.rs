//! Channel means and standard deviations over a set of images.

use eosin_core::Normalisation;
use eosin_core::config::StatisticsKind;

use super::ImageSums;

/// Why there are no statistics.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatisticsError {
    /// No image to take them from.
    #[error(
        "channel statistics need at least 1 image with pixels, got none; check the training part"
    )]
    NoImages,
    /// A channel that never varies cannot be divided by its standard deviation.
    #[error(
        "the {channel} channel has the same value in every pixel, so its standard deviation is 0; \
         use 'unit' or 'imagenet' normalisation"
    )]
    ConstantChannel {
        /// Name of the channel.
        channel: &'static str,
    },
}

/// The statistics of images given by their sums, on the 0..1 scale, in f64 in the order given.
///
/// # Errors
/// When there is no image, or a channel does not vary.
pub fn channel_statistics<'a>(
    images: impl IntoIterator<Item = &'a ImageSums>,
    how: StatisticsKind,
) -> Result<Normalisation, StatisticsError> {
    let images: Vec<&ImageSums> = images.into_iter().filter(|sums| sums.n_px > 0).collect();
    if images.is_empty() {
        return Err(StatisticsError::NoImages);
    }
    let (mean, std) = match how {
        StatisticsKind::PerImageMean => (
            average(images.iter().map(|sums| sums.mean()), images.len()),
            average(images.iter().map(|sums| sums.std()), images.len()),
        ),
        StatisticsKind::PooledPixels => {
            let all = images
                .iter()
                .fold(ImageSums::default(), |all, sums| all.plus(sums));
            (all.mean(), all.std())
        }
    };
    for (channel, &std) in ["red", "green", "blue"].into_iter().zip(&std) {
        if std <= 0.0 {
            return Err(StatisticsError::ConstantChannel { channel });
        }
    }
    Ok(Normalisation {
        mean: narrowed(mean),
        std: narrowed(std),
    })
}

fn average(values: impl Iterator<Item = [f64; 3]>, n: usize) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for value in values {
        for channel in 0..3 {
            sum[channel] += value[channel];
        }
    }
    sum.map(|sum| sum / n as f64)
}

fn narrowed(values: [f64; 3]) -> [f32; 3] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a mean in 0..1 needs no more than f32"
    )]
    values.map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::RgbPatch;

    fn sums(pixels: &[[u8; 3]]) -> ImageSums {
        ImageSums::of(&RgbPatch {
            width_px: pixels.len(),
            height_px: 1,
            pixels: pixels.concat(),
        })
    }

    #[test]
    fn both_kinds_agree_with_arithmetic_by_hand() {
        let images = [
            sums(&[[0, 10, 0], [255, 20, 51]]),
            sums(&[[255, 30, 102]; 4]),
        ];
        let by_image = channel_statistics(&images[..1], StatisticsKind::PerImageMean).unwrap();
        assert!((by_image.mean[0] - 0.5).abs() < 1e-7 && (by_image.std[0] - 0.5).abs() < 1e-7);
        let per_image = channel_statistics(&images, StatisticsKind::PerImageMean).unwrap();
        assert!((per_image.mean[0] - 0.75).abs() < 1e-7, "{per_image:?}");
        assert!((per_image.std[0] - 0.25).abs() < 1e-7, "{per_image:?}");
        let pooled = channel_statistics(&images, StatisticsKind::PooledPixels).unwrap();
        assert!((pooled.mean[0] - 5.0 / 6.0).abs() < 1e-7, "{pooled:?}");
        assert!(
            (pooled.std[0] - (5.0_f32 / 36.0).sqrt()).abs() < 1e-7,
            "{pooled:?}"
        );
    }

    #[test]
    fn a_constant_channel_and_an_empty_set_are_errors() {
        let flat = [sums(&[[1, 7, 3], [2, 7, 9]])];
        let error = channel_statistics(&flat, StatisticsKind::PooledPixels).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the green channel has the same value")
        );
        let none = channel_statistics(&[], StatisticsKind::PooledPixels).unwrap_err();
        assert_eq!(none, StatisticsError::NoImages);
    }
}
