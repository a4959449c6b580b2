//! Colour: two stains that absorb light (Beer-Lambert), a little different on every slide.

use eosin_core::Rng;

use super::noise::{between, normal};

/// Optical densities of red, green and blue for haematoxylin and eosin, from Ruifrok and Johnston,
/// "Quantification of histochemical staining by color deconvolution", 2001.
const HAEMATOXYLIN: [f32; 3] = [0.65, 0.70, 0.29];
const EOSIN: [f32; 3] = [0.07, 0.99, 0.11];

/// One slide's stains, light and section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stain {
    haematoxylin: [f32; 3],
    eosin: [f32; 3],
    white: [f32; 3],
    noise: f32,
}

impl Stain {
    /// Draws a slide's stain: vectors turned a little, strengths by up to about 40 %, lamp a shade
    /// off white.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let haematoxylin = turned(rng, HAEMATOXYLIN, (0.75, 1.25));
        let eosin = turned(rng, EOSIN, (0.65, 1.3));
        let white = [0; 3].map(|_| between(rng, 238.0, 252.0));
        let noise = between(rng, 1.0, 3.0);
        Self {
            haematoxylin,
            eosin,
            white,
            noise,
        }
    }

    /// Densities of haematoxylin and eosin.
    pub(super) const fn vectors(&self) -> [[f32; 3]; 2] {
        [self.haematoxylin, self.eosin]
    }

    /// The colour of a pixel with these amounts of stain, with the sensor's noise.
    pub(super) fn colour(&self, rng: &mut Rng, haematoxylin: f32, eosin: f32) -> [u8; 3] {
        let grain = normal(rng) * self.noise;
        std::array::from_fn(|channel| {
            let density = haematoxylin * self.haematoxylin[channel] + eosin * self.eosin[channel];
            let value = self.white[channel] * (-density).exp() + grain;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a byte"
            )]
            let byte = value.round().clamp(0.0, 255.0) as u8;
            byte
        })
    }
}

fn turned(rng: &mut Rng, vector: [f32; 3], strength: (f32, f32)) -> [f32; 3] {
    let strength = between(rng, strength.0, strength.1);
    let moved = vector.map(|density| (density + 0.035 * normal(rng)).max(0.01));
    let length = moved
        .iter()
        .map(|density| density * density)
        .sum::<f32>()
        .sqrt();
    moved.map(|density| density / length * strength)
}
