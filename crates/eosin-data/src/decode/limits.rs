//! How large an image may be before it is refused unread.

/// Bounds that are checked against the header, before any pixel memory is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Longest side.
    pub max_side_px: usize,
    /// Shortest side: below it there is nothing to classify.
    pub min_side_px: usize,
    /// Memory of the decoded image in the file's own mode, and of the file itself.
    pub max_memory_bytes: u64,
}

impl Default for DecodeLimits {
    /// Sides of 8 to 8192 px and 512 MiB.
    fn default() -> Self {
        Self {
            max_side_px: 8192,
            min_side_px: 8,
            max_memory_bytes: 512 << 20,
        }
    }
}

impl DecodeLimits {
    pub(super) fn for_decoder(self) -> image::Limits {
        // Sides are ours to check, with an error that says what they are.
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(self.max_memory_bytes.saturating_mul(2));
        limits
    }
}
