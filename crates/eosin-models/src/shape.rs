//! The shape of a feature map.

/// Height, width and channels of a feature map.
pub(crate) type MapShape = [usize; 3];
