//! Numbers that stand for whole ones.

/// The index that a number stands for; one below 0 is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places of choices and grids are small whole numbers, and `as` saturates"
)]
pub fn index(number: f64) -> usize {
    number as usize
}

/// The nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "ends of spaces are i64, and `as` saturates"
)]
pub fn nearest(number: f64) -> i64 {
    number.round() as i64
}
