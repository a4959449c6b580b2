//! Optical densities of bytes, by the conventions of several tools.

use std::sync::LazyLock;

/// How a byte becomes an optical density, and which byte has density 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    /// eosin's: `-ln(max(v, 1) / 240)`, so that a density and its byte are each other's inverse.
    Own,
    /// torchstain's: `-ln((v + 1) / 240)`.
    Torchstain,
    /// `TIAToolbox`'s and `StainTools`': `max(-ln(max(v, 1) / 255), 1e-6)`.
    Tiatoolbox,
}

static OWN: LazyLock<[f32; 256]> = LazyLock::new(|| table(|v| -(v.max(1.0) / 240.0).ln()));
static TORCHSTAIN: LazyLock<[f32; 256]> = LazyLock::new(|| table(|v| -((v + 1.0) / 240.0).ln()));
static TIATOOLBOX: LazyLock<[f32; 256]> =
    LazyLock::new(|| table(|v| (-(v.max(1.0) / 255.0).ln()).max(1e-6)));

#[expect(clippy::cast_possible_truncation, reason = "densities need no more")]
fn table(of: impl Fn(f64) -> f64) -> [f32; 256] {
    std::array::from_fn(|value| of(value as f64) as f32)
}

impl Light {
    /// The optical density of every byte.
    pub(super) fn densities(self) -> &'static [f32; 256] {
        match self {
            Self::Own => &OWN,
            Self::Torchstain => &TORCHSTAIN,
            Self::Tiatoolbox => &TIATOOLBOX,
        }
    }

    /// What `exp(-density)` is multiplied by on the way back.
    pub(super) const fn white(self) -> f32 {
        match self {
            Self::Own | Self::Torchstain => 240.0,
            Self::Tiatoolbox => 255.0,
        }
    }
}
