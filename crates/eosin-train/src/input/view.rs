//! The ways in which a patch is looked at when it is judged.

use eosin_core::D4;
use eosin_core::config::Symmetries;
use eosin_store::EmbeddingsRecord;

/// One way in which a patch is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Under a symmetry of the square.
    Symmetry(D4),
    /// Under a symmetry of the square, at one of several sizes.
    Sized {
        /// The symmetry.
        symmetry: D4,
        /// Which size: 0 is that of the run, 1 the first of `augment.sizes_px`.
        size: usize,
    },
    /// As embeddings that were made elsewhere have it under this number.
    Numbered(usize),
}

impl View {
    /// The patch as it is.
    pub const UPRIGHT: Self = Self::Symmetry(D4::IDENTITY);

    /// The views that patches are judged under: symmetries, but for embeddings of one's own whose
    /// views are none, all of which count.
    pub fn judged(symmetries: Symmetries, own: Option<&EmbeddingsRecord>) -> Vec<Self> {
        match own.filter(|own| !own.are_symmetries()) {
            Some(own) => (0..own.views).map(Self::Numbered).collect(),
            None => Self::of(symmetries.members()),
        }
    }

    /// These symmetries at so many sizes, size by size.
    pub fn at_sizes(symmetries: Symmetries, sizes: usize) -> Vec<Self> {
        let at = |size| {
            let members = symmetries.members().iter();
            members.map(move |symmetry| Self::Sized {
                symmetry: *symmetry,
                size,
            })
        };
        (0..sizes).flat_map(at).collect()
    }

    /// These symmetries as views.
    pub fn of(symmetries: &[D4]) -> Vec<Self> {
        symmetries.iter().copied().map(Self::Symmetry).collect()
    }
}
