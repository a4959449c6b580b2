//! Bytes and what lies between them.

use crate::decode::RgbPatch;

/// The nearest byte.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
pub(super) fn rounded(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// The byte below, as torchvision converts.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
pub(super) fn truncated(value: f32) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

/// The patch with every pixel replaced.
pub(super) fn map_pixels(patch: &RgbPatch, change: impl Fn([u8; 3]) -> [u8; 3]) -> RgbPatch {
    let (pixels, _) = patch.pixels.as_chunks::<3>();
    RgbPatch {
        pixels: pixels.iter().flat_map(|pixel| change(*pixel)).collect(),
        ..*patch
    }
}

/// The patch with every value of a channel replaced by a table of that channel.
pub(super) fn map_channels(patch: &RgbPatch, tables: &[[u8; 256]; 3]) -> RgbPatch {
    map_pixels(patch, |pixel| {
        std::array::from_fn(|channel| tables[channel][usize::from(pixel[channel])])
    })
}

/// A table of all bytes.
pub(super) fn table(of: impl Fn(u8) -> u8) -> [u8; 256] {
    let mut table = [0; 256];
    for (value, entry) in (0..=u8::MAX).zip(&mut table) {
        *entry = of(value);
    }
    table
}

/// The place of `at` in an axis of `len` positions that is mirrored at its first and last.
pub(super) fn reflect(at: isize, len: usize) -> usize {
    let last = len.cast_signed() - 1;
    if last <= 0 {
        return 0;
    }
    let folded = at.rem_euclid(2 * last);
    if folded > last {
        2 * last - folded
    } else {
        folded
    }
    .unsigned_abs()
}
