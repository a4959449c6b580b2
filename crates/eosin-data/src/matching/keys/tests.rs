//! Labels and predictions, matched or refused.

use super::*;
use crate::matching::Leniency;

/// The rule and the pairs, or the error.
fn matched(labels: &[&str], predictions: &[&str]) -> Result<(By, Vec<String>), String> {
    let labels = Keys {
        file: Path::new("data/labels.csv"),
        keys: labels.to_vec(),
    };
    let predictions = Keys {
        file: Path::new("p.csv"),
        keys: predictions.to_vec(),
    };
    let matched = match_keys(&labels, &predictions);
    let matched = matched.map_err(|error| error.to_string())?;
    let pair = |(label, prediction)| format!("{label}={prediction}");
    Ok((
        matched.rule.by,
        matched.predictions.into_iter().map(pair).collect(),
    ))
}

#[test]
fn the_first_rule_that_explains_every_key_holds() {
    let cases: [(&[&str], &[&str], By); 5] = [
        (&["a", "b"], &["a", "b"], By::Whole),
        // As ends `1.png` would fit both.
        (
            &["1.png", "b/1.png"],
            &["data/1.png", "./data/x/../b/1.png"],
            By::File,
        ),
        (&["a.png", "b.png"], &["new/b.png", "/x/a.png"], By::End),
        (&["old/y/a.png"], &["y/a.png"], By::End),
        (&["7", "8"], &["new/8.png", "new/7.tif"], By::EndOfStem),
    ];
    for (labels, predictions, rule) in cases {
        let (by, pairs) = matched(labels, predictions).unwrap();
        assert_eq!((by, pairs.len()), (rule, labels.len()), "{labels:?}");
    }
    let (_, pairs) = matched(&["7", "8"], &["new/8.png", "new/7.tif"]).unwrap();
    assert_eq!(pairs, ["7=new/7.tif", "8=new/8.png"]);
}

#[test]
fn what_fits_several_keys_is_refused() {
    let error = matched(&["1.png"], &["a/1.png", "b/1.png"]).unwrap_err();
    assert!(
        error.starts_with("1.png fits 2 keys by the end of their paths"),
        "{error}"
    );
    let error = matched(&["a/1.png", "b/1.png"], &["1.png"]).unwrap_err();
    assert!(error.starts_with("1.png fits 2 keys"), "{error}");
    let error = matched(&["1"], &["1.png", "1.tif"]).unwrap_err();
    assert!(error.starts_with("1 fits 2 keys"), "{error}");
}

#[test]
fn folders_that_contradict_each_other_are_no_match() {
    let error = matched(&["train/1.png"], &["test/1.png"]).unwrap_err();
    assert!(
        error.contains("no prediction for 1 labelled keys: train/1.png"),
        "{error}"
    );
    assert!(error.contains("such as test/1.png"), "{error}");
    // `1.png` is no end of `11.png`.
    assert!(matched(&["1.png"], &["11.png"]).is_err());
}

#[test]
fn keys_left_over_are_listed_on_either_side() {
    let error = matched(&["a", "b", "c"], &["a", "b"]).unwrap_err();
    assert!(
        error.contains("no prediction for 1 labelled keys: c"),
        "{error}"
    );
    let error = matched(&["a.png"], &["x/a.png", "x/b.png"]).unwrap_err();
    assert!(
        error.contains("p.csv predicts 1 keys that have no label: x/b.png"),
        "{error}"
    );
}

#[test]
fn case_and_unicode_form_do_not_count_where_nothing_is_ambiguous() {
    let rule = |labels: &[&str], predictions: &[&str]| {
        let file = Path::new("p.csv");
        let [labels, predictions] = [labels, predictions].map(|keys| Keys {
            file,
            keys: keys.to_vec(),
        });
        match_keys(&labels, &predictions).map(|matched| matched.rule)
    };
    let of = |by, leniency| Ok(Rule { by, leniency });
    assert_eq!(
        rule(&["pr\u{e4}.png"], &["new/pra\u{308}.png"]),
        of(By::End, Leniency::Form)
    );
    assert_eq!(
        rule(&["IMG\\A"], &["new/img/a.jpg"]),
        of(By::EndOfStem, Leniency::Case)
    );
    assert!(rule(&["A"], &["a.png", "A.tif"]).is_err());
}
