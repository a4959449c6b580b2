//! The trials that a suggestion followed from, by name.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// One try of a trial: its number, and the number of the claim under which it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Try {
    pub trial: u64,
    pub claim: u32,
}

/// The trials that a suggestion followed from, written as `0-9,12,14.2`: ranges of first tries, and
/// with their claims those that were taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Those that had ended.
    pub ended: String,
    /// Those that ran.
    pub running: String,
}

/// Writes a list of tries, sorted.
pub(super) fn write(tries: &[Try]) -> String {
    let mut text = String::new();
    let mut rest = tries;
    while let [first, after @ ..] = rest {
        let follows = |(at, next): (usize, &Try)| {
            let expected = first.trial + 1 + at as u64;
            next.claim == 1 && next.trial == expected
        };
        let count = match first.claim {
            1 => after
                .iter()
                .enumerate()
                .take_while(|pair| follows(*pair))
                .count(),
            _ => 0,
        };
        let comma = if text.is_empty() { "" } else { "," };
        let written = match (first.claim, count) {
            (1, 0) => write!(text, "{comma}{}", first.trial),
            (1, count) => write!(
                text,
                "{comma}{}-{}",
                first.trial,
                first.trial + count as u64
            ),
            (claim, _) => write!(text, "{comma}{}.{claim}", first.trial),
        };
        written.expect("a text takes all");
        rest = &after[count..];
    }
    text
}

/// Reads what [`write`] wrote.
pub(super) fn read(text: &str) -> Result<Vec<Try>> {
    let mut tries = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let wrong = || format!("'{part}' names no trials");
        if let Some((trial, claim)) = part.split_once('.') {
            tries.push(Try {
                trial: trial.parse().with_context(wrong)?,
                claim: claim.parse().with_context(wrong)?,
            });
            continue;
        }
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let [first, last]: [u64; 2] = [
            first.parse().with_context(wrong)?,
            last.parse().with_context(wrong)?,
        ];
        tries.extend((first..=last).map(|trial| Try { trial, claim: 1 }));
    }
    Ok(tries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tries_are_short_and_read_back() {
        let tries = |list: &[(u64, u32)]| -> Vec<Try> {
            list.iter()
                .map(|&(trial, claim)| Try { trial, claim })
                .collect()
        };
        for (list, text) in [
            (tries(&[]), ""),
            (tries(&[(0, 1), (1, 1), (2, 1), (5, 1)]), "0-2,5"),
            (tries(&[(0, 1), (1, 2), (2, 1), (3, 1)]), "0,1.2,2-3"),
        ] {
            assert_eq!(write(&list), text);
            assert_eq!(read(text).unwrap(), list);
        }
        assert!(read("3-x").is_err());
    }
}
