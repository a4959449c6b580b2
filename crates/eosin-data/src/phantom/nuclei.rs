//! Nuclei: how many, where, of what size and shape, and how they are drawn.

use std::f32::consts::{PI, TAU};

use eosin_core::Rng;

use super::noise::{Field, between, index, normal, smoothstep, uniform};
use super::tissue::{Planes, Tissue};

/// What the degree of atypia does to nuclei, in micrometres and fractions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cytology {
    /// Mean radius.
    radius_um: f32,
    /// Spread of the logarithm of the radius: pleomorphism.
    spread: f32,
    /// Departure of the outline from an ellipse.
    irregularity: f32,
    /// Attempts to place a nucleus per square micrometre of epithelium.
    density: f32,
    /// Amount of haematoxylin.
    chromatin: f32,
    /// Chance of a visible nucleolus.
    nucleolus: f32,
}

impl Cytology {
    /// From atypia in standard deviations around the middle between the classes.
    pub(super) fn new(atypia: f32) -> Self {
        Self {
            radius_um: 3.2 * (0.085 * atypia).exp(),
            spread: 0.14 * (0.2 * atypia).exp(),
            irregularity: 0.06 * (0.2 * atypia).exp(),
            density: 0.032 * (0.05 * atypia).exp(),
            chromatin: 1.25 + 0.06 * atypia,
            nucleolus: 1.0 / (1.0 + (1.5 - atypia).exp()),
        }
    }
}

/// One nucleus, in pixels.
struct Nucleus {
    x: f32,
    y: f32,
    long: f32,
    short: f32,
    angle: f32,
    chromatin: f32,
    irregularity: f32,
    phases: [f32; 2],
    nucleolus: Option<(f32, f32)>,
}

/// Places and draws all nuclei of a patch.
pub(super) fn draw(
    rng: &mut Rng,
    planes: &mut Planes,
    tissue: &Tissue,
    cytology: &Cytology,
    um: f32,
) {
    let texture = Field::new(rng, planes.size_px, 1.1 * um);
    let side_um = planes.size_px as f32 / um + 12.0;
    let attempts = index(cytology.density * side_um * side_um);
    let mut placed: Vec<Nucleus> = Vec::new();
    for _ in 0..attempts {
        let margin = 6.0 * um;
        let last = planes.size_px as f32 + margin;
        let (x, y) = (between(rng, -margin, last), between(rng, -margin, last));
        let nucleus = if uniform(rng) < tissue.epithelium_at(x, y) {
            epithelial(rng, cytology, um, x, y)
        } else if uniform(rng) < 0.22 {
            spindle(rng, tissue.fibre_angle, um, x, y)
        } else if uniform(rng) < 0.05 {
            lymphocyte(rng, um, x, y)
        } else {
            continue;
        };
        if tissue.gap_at(x, y) < 0.4 && !placed.iter().any(|other| overlap(other, &nucleus)) {
            stamp(planes, &nucleus, &texture);
            placed.push(nucleus);
        }
    }
}

fn epithelial(rng: &mut Rng, cytology: &Cytology, um: f32, x: f32, y: f32) -> Nucleus {
    let radius = cytology.radius_um * um * (cytology.spread * normal(rng)).exp();
    let aspect = 1.08 + 0.35 * uniform(rng) + cytology.spread * uniform(rng);
    let has_nucleolus = uniform(rng) < cytology.nucleolus;
    let at = (between(rng, -0.35, 0.35), between(rng, -0.35, 0.35));
    Nucleus {
        x,
        y,
        long: radius * aspect.sqrt(),
        short: radius / aspect.sqrt(),
        angle: between(rng, 0.0, PI),
        chromatin: cytology.chromatin * (0.13 * normal(rng)).exp(),
        irregularity: cytology.irregularity,
        phases: [between(rng, 0.0, TAU), between(rng, 0.0, TAU)],
        nucleolus: has_nucleolus.then_some(at),
    }
}

/// A fibroblast's nucleus: thin, and along the fibres.
fn spindle(rng: &mut Rng, fibre_angle: f32, um: f32, x: f32, y: f32) -> Nucleus {
    let length = between(rng, 3.6, 6.0) * um;
    Nucleus {
        x,
        y,
        long: length,
        short: length * between(rng, 0.2, 0.32),
        angle: fibre_angle + 0.22 * normal(rng),
        chromatin: between(rng, 1.2, 1.7),
        irregularity: 0.05,
        phases: [between(rng, 0.0, TAU), between(rng, 0.0, TAU)],
        nucleolus: None,
    }
}

/// Small, round and dark, in benign and malignant tissue alike.
fn lymphocyte(rng: &mut Rng, um: f32, x: f32, y: f32) -> Nucleus {
    let radius = between(rng, 2.1, 2.6) * um;
    Nucleus {
        x,
        y,
        long: radius * 1.05,
        short: radius,
        angle: 0.0,
        chromatin: between(rng, 1.9, 2.3),
        irregularity: 0.03,
        phases: [0.0; 2],
        nucleolus: None,
    }
}

fn overlap(a: &Nucleus, b: &Nucleus) -> bool {
    let reach = 0.9 * ((a.long * a.short).sqrt() + (b.long * b.short).sqrt());
    (a.x - b.x).powi(2) + (a.y - b.y).powi(2) < reach * reach
}

/// Draws one nucleus over the planes, with a soft edge.
fn stamp(planes: &mut Planes, nucleus: &Nucleus, texture: &Field) {
    let reach = 1.35 * nucleus.long;
    let size = planes.size_px;
    let end = |centre: f32| index(centre + reach + 1.0).min(size);
    let (sin, cos) = nucleus.angle.sin_cos();
    for row in index(nucleus.y - reach)..end(nucleus.y) {
        for column in index(nucleus.x - reach)..end(nucleus.x) {
            let (x, y) = (column as f32, row as f32);
            let (dx, dy) = (x - nucleus.x, y - nucleus.y);
            let u = (dx * cos + dy * sin) / nucleus.long;
            let v = (dy * cos - dx * sin) / nucleus.short;
            let soft = 0.55 / nucleus.short;
            let depth = nucleus.depth(u, v);
            let cover = smoothstep(1.0 + soft, 1.0 - soft, depth);
            if cover > 0.0 {
                let at = row * size + column;
                let haematoxylin = nucleus.chromatin_at(u, v, depth, texture.at(x, y));
                planes.haematoxylin[at] += cover * (haematoxylin - planes.haematoxylin[at]);
                planes.eosin[at] *= 1.0 - 0.45 * cover;
            }
        }
    }
}

impl Nucleus {
    /// 0 in the centre, 1 on the outline.
    fn depth(&self, u: f32, v: f32) -> f32 {
        let radius = (u * u + v * v).sqrt();
        let angle = v.atan2(u);
        let bulge = (2.0 * angle + self.phases[0]).cos() + (3.0 * angle + self.phases[1]).cos();
        radius / (1.0 + self.irregularity * bulge)
    }

    /// Clumped chromatin, a darker membrane, and the nucleolus.
    fn chromatin_at(&self, u: f32, v: f32, depth: f32, texture: f32) -> f32 {
        let membrane = 0.22 * smoothstep(0.65, 0.95, depth);
        let nucleolus = self.nucleolus.map_or(0.0, |(cu, cv)| {
            let distance = ((u - cu).powi(2) + (v - cv).powi(2)).sqrt();
            0.5 * smoothstep(0.32, 0.16, distance)
        });
        self.chromatin * (0.84 + 0.2 * texture + membrane + nucleolus)
    }
}
