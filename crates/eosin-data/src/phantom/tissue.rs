//! What lies between the nuclei: fibres, cytoplasm and gaps.

use eosin_core::Rng;

use super::noise::{Field, between, normal, smoothstep};

/// Amounts of both stains in every pixel.
pub(super) struct Planes {
    pub size_px: usize,
    pub haematoxylin: Vec<f32>,
    pub eosin: Vec<f32>,
}

/// Where epithelium, stroma and gaps are.
pub(super) struct Tissue {
    epithelium: Field,
    epithelium_from: f32,
    gaps: Field,
    gaps_from: f32,
    /// Direction of the fibres.
    pub fibre_angle: f32,
    warp: Field,
    grain: Field,
    wave_px: f32,
}

impl Tissue {
    /// Draws a patch's tissue: `um` is pixels per micrometre, `cellularity` moves the border
    /// between epithelium and stroma.
    pub(super) fn draw(rng: &mut Rng, size_px: usize, um: f32, cellularity: f32) -> Self {
        Self {
            epithelium: Field::new(rng, size_px, 34.0 * um),
            epithelium_from: -0.2 - 0.12 * cellularity + 0.15 * normal(rng),
            gaps: Field::new(rng, size_px, 26.0 * um),
            gaps_from: between(rng, 0.42, 0.95),
            fibre_angle: between(rng, 0.0, std::f32::consts::PI),
            warp: Field::new(rng, size_px, 14.0 * um),
            grain: Field::new(rng, size_px, 1.6 * um),
            wave_px: between(rng, 3.5, 5.5) * um,
        }
    }

    /// 1 inside epithelium, 0 in stroma.
    pub(super) fn epithelium_at(&self, x: f32, y: f32) -> f32 {
        let value = self.epithelium.at(x, y) + 0.12 * self.warp.at(y, x);
        smoothstep(
            self.epithelium_from - 0.1,
            self.epithelium_from + 0.1,
            value,
        )
    }

    /// 1 where the glass is empty: lumina, fat, tears.
    pub(super) fn gap_at(&self, x: f32, y: f32) -> f32 {
        let value = self.gaps.at(x, y) + 0.1 * self.warp.at(x, y);
        smoothstep(self.gaps_from - 0.06, self.gaps_from + 0.06, value)
    }

    /// The stains before any nucleus.
    pub(super) fn planes(&self, size_px: usize) -> Planes {
        let mut planes = Planes {
            size_px,
            haematoxylin: Vec::with_capacity(size_px * size_px),
            eosin: Vec::with_capacity(size_px * size_px),
        };
        for row in 0..size_px {
            for column in 0..size_px {
                let (haematoxylin, eosin) = self.stains_at(column as f32, row as f32);
                planes.haematoxylin.push(haematoxylin);
                planes.eosin.push(eosin);
            }
        }
        planes
    }

    fn stains_at(&self, x: f32, y: f32) -> (f32, f32) {
        let grain = self.grain.at(x, y);
        let gap = self.gap_at(x, y);
        let epithelium = self.epithelium_at(x, y);
        let fibre = self.fibre_at(x, y) + 0.12 * grain;
        let cytoplasm = 0.40 + 0.07 * grain;
        let eosin = fibre * (1.0 - epithelium) + cytoplasm * epithelium;
        // Ribosomes give cytoplasm a purple tinge.
        let haematoxylin = 0.06 * (1.0 - epithelium) + (0.21 + 0.05 * grain) * epithelium;
        (haematoxylin * (1.0 - gap), eosin.max(0.0) * (1.0 - gap))
    }

    /// Wavy collagen: a sine across the fibres, bent by a smooth field.
    fn fibre_at(&self, x: f32, y: f32) -> f32 {
        let (sin, cos) = self.fibre_angle.sin_cos();
        let bend = self.warp.at(x, y);
        let across = (x * -sin + y * cos) / self.wave_px + 1.9 * bend;
        let wave = (std::f32::consts::TAU * across).sin();
        let fine = (std::f32::consts::TAU * (2.3 * across + 0.7 * bend)).sin();
        0.56 + 0.09 * wave + 0.05 * fine + 0.12 * bend
    }
}
