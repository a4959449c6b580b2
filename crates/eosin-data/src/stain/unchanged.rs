//! Why a patch keeps its colours.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a patch stays as it is: its stains cannot be told, and to guess would ruin it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Unchanged {
    /// Nearly all of it is background.
    LittleTissue {
        /// Share of pixels with the colours of haematoxylin and eosin.
        share: f64,
    },
    /// Most of what is dark has the colour of no stain: ink, folds, another stain.
    OtherColours {
        /// Share of dark pixels with such colours.
        share: f64,
    },
    /// All pixels are shades of one colour, as in a grey image.
    OneColour {
        /// Mean square of the optical density beside the main colour.
        spread: f64,
    },
    /// A stain is so weak that it cannot be scaled.
    WeakStain {
        /// 99th percentiles of the concentrations of haematoxylin and eosin.
        strengths: [f64; 2],
    },
    /// The conventions of the tool that is followed find no stain in it.
    NoEstimate,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LittleTissue { share } => write!(f, "little tissue ({:.1} %)", 100.0 * share),
            Self::OtherColours { share } => write!(
                f,
                "{:.0} % of what is dark has the colour of no stain",
                100.0 * share
            ),
            Self::OneColour { spread } => write!(f, "one colour only (spread {spread:.1e})"),
            Self::WeakStain { strengths: [h, e] } => {
                write!(f, "weak stain (haematoxylin {h:.2}, eosin {e:.2})")
            }
            Self::NoEstimate => f.write_str("no stain is found by this tool's rules"),
        }
    }
}
