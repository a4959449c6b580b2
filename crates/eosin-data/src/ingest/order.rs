//! The order of names with numbers in them: that of the numbers.

use std::cmp::Ordering;

/// Compares digits as numbers and everything else as text: `2` is before `10`.
pub(crate) fn natural(one: &str, other: &str) -> Ordering {
    let (mut one_rest, mut other_rest) = (one, other);
    loop {
        let (a, after_a) = piece(one_rest);
        let (b, after_b) = piece(other_rest);
        if a.is_empty() || b.is_empty() {
            // Names that differ only in leading zeros still have an order.
            return a.cmp(b).then_with(|| one.cmp(other));
        }
        let order = match (number(a), number(b)) {
            (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            _ => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
        (one_rest, other_rest) = (after_a, after_b);
    }
}

/// The digits without leading zeros, when the piece is a number.
fn number(piece: &str) -> Option<&str> {
    piece
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| piece.trim_start_matches('0'))
}

/// The leading number or text.
fn piece(text: &str) -> (&str, &str) {
    let is_digit = |c: char| c.is_ascii_digit();
    let digits = text.starts_with(is_digit);
    let end = text.find(|c| is_digit(c) != digits).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_number_order_and_words_in_word_order() {
        let mut names = [
            "10", "2", "0", "1", "grade_10", "grade_9", "benign", "a10b2", "a10b1", "01",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "0", "01", "1", "2", "10", "a10b1", "a10b2", "benign", "grade_9", "grade_10"
            ]
        );
    }
}
