//! Which row of a file belongs to which patch, where the file may hold more than is asked for.

use super::keys::{Attempt, Keys, MatchError, Matched};
use super::rule::Rule;

/// Finds a row for every patch, by the first rule that does and gives no patch two rows and no row
/// two patches; rows of no patch are left over.
///
/// # Errors
/// When no rule does; the patches without a row (or what fits several) by the rule that comes closest
/// are listed.
pub fn match_rows<'a>(patches: &Keys<'a>, rows: &Keys<'a>) -> Result<Matched<'a>, MatchError> {
    let mut closest = Attempt::new(Rule::EQUAL, patches, rows);
    for rule in Rule::all() {
        let attempt = Attempt::new(rule, patches, rows);
        if attempt.pairs.len() == patches.keys.len() {
            return Ok(Matched {
                predictions: attempt.pairs,
                rule,
            });
        }
        if closest.fits() < attempt.fits() {
            closest = attempt;
        }
    }
    if closest.ambiguous.is_some() {
        return Err(closest.refusal(patches, rows));
    }
    let missing = patches.keys.iter();
    let missing = missing.filter(|key| !closest.pairs.contains_key(*key));
    let keys: Vec<String> = missing.map(|key| (*key).to_owned()).collect();
    let nearest = keys.first().and_then(|key| nearest(key, rows));
    Err(MatchError::NoRow {
        file: rows.file.to_owned(),
        all: patches.keys.len(),
        nearest: nearest.unwrap_or("nothing").to_owned(),
        keys,
    })
}

/// The key of a row that is most like this one, else any.
fn nearest<'a>(key: &str, rows: &Keys<'a>) -> Option<&'a str> {
    let near = eosin_core::choice::nearest(key, rows.keys.iter().copied());
    near.or_else(|| rows.keys.first().copied())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Pairs of patches and rows, or the error.
    fn matched(patches: &[&str], rows: &[&str]) -> Result<Vec<String>, String> {
        let patches = Keys {
            file: Path::new("data/manifest.csv"),
            keys: patches.to_vec(),
        };
        let rows = Keys {
            file: Path::new("e.csv"),
            keys: rows.to_vec(),
        };
        let found = match_rows(&patches, &rows);
        let found = found.map_err(|error| error.to_string())?.predictions;
        let pair = |(patch, row)| format!("{patch}={row}");
        Ok(found.into_iter().map(pair).collect())
    }

    #[test]
    fn rows_are_found_among_more_than_are_wanted() {
        for (patches, rows, pairs) in [
            (
                &["a/1.png"][..],
                &["a/1.png", "b/1.png"][..],
                &["a/1.png=a/1.png"][..],
            ),
            (
                &["a/1.png", "b/2.png"],
                &["1", "2", "3"],
                &["a/1.png=1", "b/2.png=2"],
            ),
            (
                &["a/1.png"],
                &["D:\\x\\A\\1.PNG", "2"],
                &["a/1.png=D:\\x\\A\\1.PNG"],
            ),
        ] {
            assert_eq!(
                matched(patches, rows).unwrap(),
                pairs,
                "{patches:?} {rows:?}"
            );
        }
    }

    #[test]
    fn patches_without_a_row_are_counted_and_the_nearest_is_named() {
        let error = matched(&["a/11.png", "b/12.png"], &["a/11.png", "b/21.png"]).unwrap_err();
        assert_eq!(
            error,
            "e.csv has no row for 1 of 2 patches: b/12.png; the nearest key to b/12.png there is \
             b/21.png"
        );
    }

    #[test]
    fn what_fits_two_rows_is_refused() {
        let error = matched(&["1.png"], &["a/1.png", "b/1.png", "c/2.png"]).unwrap_err();
        assert!(error.starts_with("1.png fits 2 keys by the end"), "{error}");
    }
}
