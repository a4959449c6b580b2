//! From double to single precision.

/// The nearest number of single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
}
