//! How pixel values are scaled.

use eosin_core::Normalisation;

/// `(value / 255 - mean) / std` of each channel, as a table of 256 values.
#[derive(Clone, Debug)]
pub struct PixelScale {
    table: [[f32; 256]; 3],
}

impl PixelScale {
    /// The scaling by these channel means and standard deviations of 0..1 values.
    pub fn new(Normalisation { mean, std }: &Normalisation) -> Self {
        let channel =
            |c: usize| std::array::from_fn(|value| (value as f32 / 255.0 - mean[c]) / std[c]);
        Self {
            table: [channel(0), channel(1), channel(2)],
        }
    }

    /// An image's values in its own order (row, column, channel).
    pub fn interleaved(&self, pixels: &[u8]) -> impl Iterator<Item = f32> {
        pixels.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| {
            let [red, green, blue] = &self.table;
            [
                red[usize::from(*r)],
                green[usize::from(*g)],
                blue[usize::from(*b)],
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_scaled_by_its_own_mean_and_deviation() {
        let pixels = vec![255, 0, 51, 0, 255, 102, 0, 0, 0, 0, 0, 0];
        let unit = PixelScale::new(&Normalisation::UNIT);
        let values: Vec<f32> = unit.interleaved(&pixels).collect();
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let expected = [1.0, 0.0, 0.2, 0.0, 1.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(bits(&values), bits(&expected));
        let half = PixelScale::new(&Normalisation {
            mean: [0.5; 3],
            std: [0.25; 3],
        });
        let interleaved: Vec<f32> = half.interleaved(&pixels).take(3).collect();
        assert!((interleaved[0] - 2.0).abs() < 1e-6 && (interleaved[2] + 1.2).abs() < 1e-6);
    }
}
