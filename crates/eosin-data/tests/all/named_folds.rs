//! Folds that a table names itself.

use eosin_data::{
    FoldIndices, Folds, GroupBy, IngestOptions, Manifest, SplitError, SplitMethod, SplitOptions,
    read_manifest, split,
};
use tempfile::tempdir;

use crate::fixtures::write_text;

/// Twelve images, and a table with this header of columns after path and label, and these cells.
fn table(columns: &str, cells: impl Fn(usize) -> String) -> Result<Manifest, String> {
    let dir = tempdir().unwrap();
    let mut rows = vec![format!("path,label,{columns}\n")];
    for at in 0..12 {
        write_text(&dir.path().join(format!("{at}.png")), "");
        rows.push(format!("{at}.png,{},{}\n", ["x", "y"][at % 2], cells(at)));
    }
    write_text(&dir.path().join("t.csv"), &rows.concat());
    let read = read_manifest(&dir.path().join("t.csv"), &IngestOptions::default());
    read.map_err(|error| error.to_string())
}

fn options(k: usize) -> SplitOptions {
    SplitOptions {
        method: SplitMethod::Named,
        k,
        ..SplitOptions::default()
    }
}

fn folds_of(manifest: &Manifest, k: usize) -> Folds {
    split(manifest, &options(k)).unwrap().0
}

fn error_of(manifest: &Manifest, options: &SplitOptions) -> String {
    split(manifest, options).unwrap_err().to_string()
}

#[test]
fn each_value_of_the_column_fold_is_validated_on_once() {
    let manifest = table("CV fold,split", |at| match at {
        10 => ",test".to_owned(),
        11 => "9,test".to_owned(),
        at => format!("{},train", [10, 2, 1][at / 2 % 3]),
    })
    .unwrap();
    let note = "column 'CV fold' is read as 'fold'".to_owned();
    assert!(manifest.notes.contains(&note), "{:?}", manifest.notes);
    assert_eq!(manifest.named_folds(), ["1", "2", "10"]);
    let folds = folds_of(&manifest, 3);
    assert_eq!((folds.k, folds.method), (3, SplitMethod::Named));
    let val: Vec<&[String]> = folds.folds.iter().map(|fold| fold.val.as_slice()).collect();
    assert_eq!(val[0], ["4.png", "5.png"]);
    assert_eq!(val[1], ["2.png", "3.png", "8.png", "9.png"]);
    assert_eq!(val[2], ["0.png", "1.png", "6.png", "7.png"]);
    let rows: Vec<FoldIndices> = folds.resolve(&manifest).unwrap();
    assert!(
        rows.iter()
            .all(|fold| fold.train.len() + fold.val.len() == 10)
    );
    // What is written is read again, and folds of another table are others'.
    assert_eq!(Folds::from_json(&folds.to_json().unwrap()).unwrap(), folds);
    let mut written = Vec::new();
    manifest.write_csv(&mut written).unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(
        written.starts_with("path,label,split,fold\n0.png,x,train,10\n"),
        "{written}"
    );
    let other = table("fold,split", |at| format!("{},train", at % 4 / 2)).unwrap();
    assert!(folds.validate(&other).is_err());
}

#[test]
fn rows_without_a_fold_and_values_that_are_none_are_refused_by_line() {
    for (cells, expected) in [
        (
            ["0", "1", "NA"],
            "line 4 has no fold, though other rows have",
        ),
        (["0", "1", ""], "line 4 has no fold, though other rows have"),
        (
            ["0", "1", "-1"],
            "line 4 has the fold '-1': name the one that validates on it",
        ),
        (
            ["train", "1", "2"],
            "line 2 has the fold 'train', which is a part: call that column 'split'",
        ),
        (["1", "2", "1.0"], "fold '1' (line 2) and '1.0' (line 4)"),
        (["A", "B", "a "], "fold 'A' (line 2) and 'a' (line 4)"),
    ] {
        let error = table("fold", |at| cells[at % 3].to_owned()).unwrap_err();
        assert!(error.contains(expected), "{cells:?}: {error}");
    }
    let unknown = table("fold", |_| "NA".to_owned()).unwrap();
    assert!(unknown.named_folds().is_empty());
    let note = "the fold of 12 rows is 'NA', which is taken as not known".to_owned();
    assert!(unknown.notes.contains(&note), "{:?}", unknown.notes);
}

#[test]
fn other_folds_than_those_of_the_table_are_refused_with_both_fixes() {
    let manifest = table("fold", |at| (at / 4).to_string()).unwrap();
    assert_eq!(
        error_of(&manifest, &options(5)),
        "the data name 3 folds (in a column 'fold', or as folders), but '--folds 5' was given too; leave out \
         '--folds 5', or remove the folds"
    );
    let drawn = SplitOptions {
        method: SplitMethod::KFold,
        ..options(3)
    };
    assert!(error_of(&manifest, &drawn).contains("'--folds 3' was given too"));
    let hold_out = SplitOptions {
        method: SplitMethod::HoldOut,
        ..options(3)
    };
    assert!(
        error_of(&manifest, &hold_out).contains("leave out split.holdout, or remove the folds")
    );
    let twice = SplitOptions {
        repeats: 2,
        ..options(3)
    };
    assert!(error_of(&manifest, &twice).contains("leave out split.repeats"));
    let one = table("fold", |_| "7".to_owned()).unwrap();
    assert!(error_of(&one, &options(1)).contains("name one fold only, '7'"));
    let parts = table("fold,split", |at| {
        format!("{},{}", at % 3, ["train", "val"][at / 8])
    });
    let error = error_of(&parts.unwrap(), &options(3));
    assert!(error.contains("4 patches are in the part val"), "{error}");
    let none = table("note", |_| "x".to_owned()).unwrap();
    assert_eq!(split(&none, &options(2)), Err(SplitError::NoNamedFolds));
}

#[test]
fn a_group_in_two_named_folds_is_an_error_like_any_other_leak() {
    let manifest = table("fold,patient", |at| format!("{},P{}", at / 4, at / 3)).unwrap();
    assert_eq!(
        error_of(&manifest, &options(3)),
        "patient P1 is in both train and val of fold 0; give all its rows one fold in the table"
    );
    let independent = SplitOptions {
        group: GroupBy::None,
        ..options(3)
    };
    assert!(split(&manifest, &independent).is_ok());
}

#[test]
fn a_class_in_one_named_fold_only_cannot_be_trained_on() {
    let manifest = table("fold", |at| (at % 2).to_string()).unwrap();
    assert_eq!(
        error_of(&manifest, &options(2)),
        "the train part of fold 0 has no patch of class 'x'; name another fold for some of that class"
    );
}
