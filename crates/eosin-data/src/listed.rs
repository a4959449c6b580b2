//! Long lists in messages: the first few by name, the rest by number.

use std::fmt::Display;

const SHOWN: usize = 8;

/// `a, b, c and 12 more`.
pub(crate) fn listed<T: Display>(items: &[T]) -> String {
    let first: Vec<String> = items.iter().take(SHOWN).map(ToString::to_string).collect();
    let first = first.join(", ");
    match items.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}

/// `1 patch`, `2 patches`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_capped_and_say_how_many_more() {
        assert_eq!(listed(&["a", "b"]), "a, b");
        let many: Vec<usize> = (0..20).collect();
        assert_eq!(listed(&many), "0, 1, 2, 3, 4, 5, 6, 7 and 12 more");
        assert_eq!(counted(1, "patch", "patches"), "1 patch");
    }
}
