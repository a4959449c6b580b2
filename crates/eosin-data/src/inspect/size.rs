//! Images whose size differs from that of most.

use std::collections::BTreeMap;

use super::{ImageInfo, Problem, ProblemKind};

/// The most frequent size (width, height); of equally frequent ones the larger.
pub(super) fn usual_size(images: &[ImageInfo]) -> Option<(usize, usize)> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for image in images {
        *counts.entry((image.width_px, image.height_px)).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|&(size, n)| (n, size))
        .map(|(size, _)| size)
}

/// A problem for each image of another size than `usual`.
pub(super) fn other_sizes(images: &[ImageInfo], usual: (usize, usize)) -> Vec<Problem> {
    let (width, height) = usual;
    images
        .iter()
        .filter(|image| (image.width_px, image.height_px) != usual)
        .map(|image| Problem {
            key: image.key.clone(),
            path: image.path.clone(),
            kind: ProblemKind::OtherSize,
            message: format!(
                "{} is {}x{} px, most images are {width}x{height} px",
                image.key, image.width_px, image.height_px
            ),
            fix: ProblemKind::OtherSize.fix().to_owned(),
        })
        .collect()
}
