//! A table of labels beside folders that could be classes: the table, the folders, or neither.

use std::collections::BTreeSet;
use std::path::Path;

use eosin_data::{IngestOptions, Manifest, find_images, read_manifest};
use tempfile::{TempDir, tempdir};

use crate::fixtures::write_text;

/// `n` empty images of each label in each folder, and the rows that label them.
fn labelled(folders: &[&str], labels: &[&str], n: usize) -> (TempDir, Vec<String>) {
    let dir = tempdir().unwrap();
    let mut rows = Vec::new();
    for folder in folders {
        for label in labels {
            for at in 0..n {
                let name = format!("{folder}/{label}_{at}.png");
                write_text(&dir.path().join(&name), "");
                rows.push(format!("{name},{label}"));
            }
        }
    }
    (dir, rows)
}

fn write_table(dir: &TempDir, name: &str, header: &str, rows: &[String]) {
    write_text(
        &dir.path().join(name),
        &format!("{header}\n{}\n", rows.join("\n")),
    );
}

fn read(dir: &Path) -> Result<Manifest, String> {
    let read = read_manifest(dir, &IngestOptions::default());
    read.map_err(|error| error.to_string().replace(&dir.display().to_string(), "DIR"))
}

#[track_caller]
fn says(manifest: &Manifest, part: &str) {
    let notes = &manifest.notes;
    assert!(notes.iter().any(|note| note.contains(part)), "{notes:?}");
}

#[test]
fn a_table_that_names_the_images_counts_where_folders_are_not_known_to_be_classes() {
    for folders in [
        &["site_a", "site_b"][..],
        &["x", "y"],
        &["001", "002"],
        &["colon", "lung"],
        &["png_a", "png_b"],
        &["imgs/x", "imgs/y"],
        &["red", "blue", "green"],
        &["batch1", "batch2"],
        &["normal_and_tumor"],
        &["pics"],
        &["slides"],
        &["i"],
        &["images"],
    ] {
        let (dir, rows) = labelled(folders, &["normal", "tumor"], 2);
        write_table(&dir, "labels.csv", "path,label", &rows);
        let manifest = read(dir.path()).unwrap();
        assert_eq!(manifest.classes, ["normal", "tumor"], "{folders:?}");
        assert_eq!(manifest.patches.len(), rows.len(), "{folders:?}");
        says(&manifest, "labels are those of ");
        let found = find_images(&[dir.path().to_owned()]).unwrap();
        let keys = |manifest: &Manifest| -> BTreeSet<String> {
            let keys = manifest.patches.iter().map(|patch| patch.key.clone());
            keys.collect()
        };
        assert_eq!(keys(&found.manifest), keys(&manifest), "{folders:?}");
    }
}

#[test]
fn a_table_without_all_of_the_images_counts_too_and_what_is_left_out_is_said() {
    let (dir, rows) = labelled(&["site_a", "site_b"], &["normal", "tumor"], 3);
    write_table(&dir, "labels.csv", "path,label", &rows[1..]);
    let manifest = read(dir.path()).unwrap();
    assert_eq!(manifest.patches.len(), 11);
    says(&manifest, "(site_a, site_b) are not taken for classes");
    says(&manifest, "1 image in the folder is not used");
    write_table(&dir, "labels.csv", "path,label", &rows[..4]);
    let error = read(dir.path()).unwrap_err();
    assert_eq!(
        error,
        "DIR has folders that may be the classes, but DIR/labels.csv names some of the images only; \
         say which it is with\n  '--layout class': 2 classes: site_a (6), site_b (6)\n  \
         '--data DIR/labels.csv': 2 classes: normal (3), tumor (1)"
    );
}

#[test]
fn folders_and_a_table_that_contradict_each_other_are_refused_with_both_readings() {
    let (dir, mut rows) = labelled(&["benign", "malignant"], &["a"], 3);
    let label = |row: &mut String, label: &str| *row = row.replace(",a", &format!(",{label}"));
    for row in &mut rows {
        let own = if row.starts_with("benign") {
            "benign"
        } else {
            "malignant"
        };
        label(row, own);
    }
    write_table(&dir, "labels.csv", "path,label", &rows);
    let agreeing = read(dir.path()).unwrap();
    assert_eq!(agreeing.layout.to_string(), "class");
    says(
        &agreeing,
        "labels.csv says the same of 6 images as their folders",
    );

    rows[0] = rows[0].replace(",benign", ",malignant");
    write_table(&dir, "labels.csv", "path,label", &rows);
    assert_eq!(
        read(dir.path()).unwrap_err(),
        "DIR has folders that may be the classes, but DIR/labels.csv gives 1 of 6 images another \
         label, such as 'malignant' to benign/a_0.png; say which it is with\n  '--layout class': 2 \
         classes: benign (3), malignant (3)\n  '--data DIR/labels.csv': 2 classes: benign (2), \
         malignant (4)"
    );
    let asked = IngestOptions {
        layout: Some("class".parse().unwrap()),
        ..IngestOptions::default()
    };
    let by_folders = read_manifest(dir.path(), &asked).unwrap();
    assert_eq!(by_folders.class_counts(), [3, 3]);
    assert_eq!(
        read(&dir.path().join("labels.csv")).unwrap().class_counts(),
        [2, 4]
    );
    // Whatever is trained on, all of them can be predicted.
    let found = find_images(&[dir.path().to_owned()]).unwrap();
    assert_eq!(found.manifest.patches.len(), 6);
}

#[test]
fn folders_that_swap_the_labels_of_a_table_contradict_it_whatever_they_are_called() {
    for (first, second) in [("x", "y"), ("0", "1"), ("benign", "malignant")] {
        let (dir, rows) = labelled(&[first, second], &["i"], 2);
        let swapped: Vec<String> = rows
            .iter()
            .map(|row| {
                let own = row.starts_with(first);
                row.replace(",i", &format!(",{}", if own { second } else { first }))
            })
            .collect();
        write_table(&dir, "t.csv", "path,label", &swapped);
        let error = read(dir.path()).unwrap_err();
        assert!(
            error.contains("gives 4 of 4 images another label"),
            "{error}"
        );
    }
}

#[test]
fn labels_in_other_words_agree_and_patients_of_an_agreeing_table_are_kept() {
    let (dir, rows) = labelled(&["benign", "malignant"], &["i"], 2);
    let rows: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let label = u8::from(row.starts_with("malignant"));
            row.replace(",i", &format!(",{label},P{at}"))
        })
        .collect();
    write_table(&dir, "t.csv", "path,label,patient", &rows);
    let manifest = read(dir.path()).unwrap();
    says(
        &manifest,
        "in other words: '0' for 'benign', '1' for 'malignant'",
    );
    assert_eq!(manifest.patches[3].patient.as_deref(), Some("P3"));
    write_table(&dir, "t.csv", "path,label,patient", &rows[1..]);
    let error = read(dir.path()).unwrap_err();
    assert!(error.contains("says more than the folders"), "{error}");
}

#[test]
fn a_table_of_something_else_beside_classes_is_said_and_not_used() {
    for (text, said) in [
        (
            "id,diagnosis\nP1,benign\nP2,malignant\n",
            "t.csv is not used: its rows name none of the images",
        ),
        (
            "path,label\nbenign/i_0.png,benign\n",
            "t.csv is not used: it names 1 of 4 images",
        ),
        (
            "path,label\nbenign/i_0.png,c\nbenign/i_1.png,c\nmalignant/i_0.png,c\n",
            "t.csv is not used: it gives all images one label",
        ),
    ] {
        let (dir, _) = labelled(&["benign", "malignant"], &["i"], 2);
        write_text(&dir.path().join("t.csv"), text);
        let manifest = read(dir.path()).unwrap();
        assert_eq!(manifest.classes, ["benign", "malignant"]);
        says(&manifest, said);
    }
}

#[test]
fn several_tables_that_may_label_the_images_are_refused() {
    let (dir, rows) = labelled(&["x", "y"], &["normal", "tumor"], 2);
    write_table(&dir, "a.csv", "path,label", &rows);
    write_table(&dir, "b.csv", "path,label", &rows);
    let error = read(dir.path()).unwrap_err();
    assert_eq!(
        error,
        "DIR holds several tables with labels; give the one to use instead of the folder: DIR/a.csv \
         or DIR/b.csv"
    );
    // One that names none of the images is not meant.
    write_text(&dir.path().join("b.csv"), "id,label\nP1,x\n");
    assert_eq!(read(dir.path()).unwrap().classes, ["normal", "tumor"]);
}

/// Images of `train` and `test`, labelled by turns; in each row, what `more` says of its folder.
fn in_parts(name: &str, header: &str, more: &dyn Fn(&str) -> &'static str) -> TempDir {
    let (dir, rows) = labelled(&["train", "test"], &["a", "b"], 2);
    let more = |row: &String| format!("{row}{}", more(row.split('/').next().unwrap()));
    write_table(
        &dir,
        name,
        header,
        &rows.iter().map(more).collect::<Vec<_>>(),
    );
    dir
}

#[test]
fn parts_that_folders_name_are_kept_where_a_table_does_not_say_them() {
    for name in ["labels.csv", "manifest.csv"] {
        let dir = in_parts(name, "path,label", &|_| "");
        for manifest in [
            read(dir.path()).unwrap(),
            read(&dir.path().join(name)).unwrap(),
        ] {
            assert_eq!(manifest.test_part().len(), 4);
            assert!(
                manifest
                    .test_part()
                    .iter()
                    .all(|&at| manifest.patches[at].key.starts_with("test")),
            );
            says(
                &manifest,
                "the parts are those of the folders (test, train), since the table has no column \
                 'split'",
            );
        }
    }
    // Folds divide the rest; a fold of a test image contradicts its folder.
    let fold = |part: &str| if part == "train" { ",1" } else { "," };
    let dir = in_parts("labels.csv", "path,label,fold", &fold);
    assert_eq!(read(dir.path()).unwrap().test_part().len(), 4);
    let dir = in_parts("labels.csv", "path,label,fold", &|_| ",1");
    let error = read(dir.path()).unwrap_err();
    assert!(
        error.contains("has the fold '1', but its image lies in a folder that is the test part"),
        "{error}"
    );
}

#[test]
fn a_column_that_contradicts_the_folders_of_the_test_part_must_be_chosen() {
    let dir = in_parts("labels.csv", "path,label,split", &|_| ",train");
    assert_eq!(
        read(dir.path()).unwrap_err(),
        "DIR/labels.csv puts 4 images of a folder whose name is that of the test part into another \
         part, such as test/a_0.png; correct its column 'split', or go by it with '--data \
         DIR/labels.csv'"
    );
    let manifest = read(&dir.path().join("labels.csv")).unwrap();
    assert!(manifest.test_part().is_empty());
    says(
        &manifest,
        "puts 4 images of a folder whose name is that of the test part",
    );
    // What is held out in addition, or validated on, is no contradiction.
    let split = |part: &str| if part == "train" { ",val" } else { ",test" };
    let dir = in_parts("manifest.csv", "path,label,split", &split);
    assert_eq!(read(dir.path()).unwrap().test_part().len(), 4);
}

#[test]
fn images_outside_of_the_folders_that_are_parts_need_a_column() {
    let (dir, rows) = labelled(&["images", "test"], &["a", "b"], 1);
    write_table(&dir, "labels.csv", "path,label", &rows);
    assert_eq!(
        read(dir.path()).unwrap_err(),
        "DIR/labels.csv has no column 'split', and of its images some lie in folders that are parts \
         (test) and some do not, such as images/b_0.png; add a column 'split' that says train, val \
         or test"
    );
    // Of one part alone nothing is held out.
    write_table(&dir, "labels.csv", "path,label", &rows[2..]);
    assert!(read(dir.path()).unwrap().test_part().is_empty());
}

#[test]
fn a_table_that_cannot_be_read_is_named_with_the_reason() {
    let images = "images/a_0.png,a\nimages/b_0.png,b\n";
    for (name, text, why) in [
        (
            "t.csv",
            format!("Export of May,\npath,label\n{images}"),
            "line 2 looks like the header: remove what stands above it",
        ),
        (
            "t.csv",
            format!("# by Bob\npath,label\n{images}"),
            "line 2 looks like the header: remove what stands above it",
        ),
        (
            "t.csv",
            format!("path,label\n{images}images/c.png\n"),
            "DIR/t.csv has 1 row with more or fewer cells, where the header has 2: line 4 has 1",
        ),
        (
            "t.csv",
            format!("path,label\n{images}\0\0"),
            "DIR/t.csv is a file with zero bytes in it, not a table",
        ),
        (
            "t.csv",
            "image,benign,malignant\na_0,1,0\nb_0,0,1\n".into(),
            "DIR/t.csv has no column 'label'; its columns are image, benign, malignant; of the \
             columns benign, malignant one is 1 in each row: write its name into a column 'label'",
        ),
        ("t.csv", images.into(), "DIR/t.csv has no column 'path'"),
        ("Labels.csv", String::new(), "DIR/Labels.csv has no rows"),
        (
            "labels.xlsx",
            "PK\u{3}\u{4}".into(),
            "DIR/labels.xlsx is a workbook; export it as CSV (UTF-8)",
        ),
    ] {
        for folders in [&["images"][..], &["pics"], &["site_a", "site_b"]] {
            let (dir, _) = labelled(folders, &["a", "b"], 1);
            write_text(&dir.path().join(name), &text);
            let error = read(dir.path()).unwrap_err();
            let said = error.contains("\nno labels are read from a table: DIR/");
            assert!(said && error.contains(why), "{folders:?} {error}");
            assert!(folders.len() == 1 || error.contains("'--layout class': 2 classes: site_a"));
            let found = find_images(&[dir.path().to_owned()]).unwrap();
            assert_eq!(found.manifest.patches.len(), 2 * folders.len());
        }
        let (dir, _) = labelled(&["benign", "malignant"], &["a", "b"], 1);
        write_text(&dir.path().join(name), &text);
        says(
            &read(dir.path()).unwrap(),
            "no labels are read from a table: ",
        );
    }
}

#[test]
fn tables_of_other_things_do_not_keep_folders_from_being_classes() {
    let (dir, _) = labelled(&["red", "blue"], &["a"], 2);
    write_text(&dir.path().join("notes.csv"), "a,b\n1,2\n");
    write_text(&dir.path().join("README.txt"), "Hello, there\n");
    write_text(&dir.path().join("budget.xlsx"), "PK");
    write_text(
        &dir.path().join("predictions.csv"),
        "key,pred,prob_x\nred/a_0.png,x,1\nred/a_1.png,x,1\nblue/a_0.png,x,1\n",
    );
    assert_eq!(read(dir.path()).unwrap().classes, ["blue", "red"]);
}

#[test]
fn infinities_and_symbols_are_labels() {
    for (one, other) in [("-inf", "inf"), ("🎉", "❤️")] {
        let (dir, rows) = labelled(&["images"], &["a", "b"], 1);
        let rows = [
            rows[0].replace(",a", &format!(",{one}")),
            rows[1].replace(",b", &format!(",{other}")),
        ];
        write_table(&dir, "t.csv", "path,label", &rows);
        let manifest = read(dir.path()).unwrap();
        assert_eq!(manifest.classes.len(), 2, "{:?}", manifest.classes);
    }
}

#[test]
fn what_folders_say_beside_the_class_is_not_lost_in_silence_to_a_table() {
    let (dir, rows) = labelled(&["patient_1", "patient_2"], &["a", "b"], 1);
    write_table(&dir, "labels.csv", "path,label", &rows);
    says(
        &read(dir.path()).unwrap(),
        "the folders (patient_1, patient_2) look like a patient each and are not used; a column \
         'patient' in the table keeps patches of one on one side of a split",
    );
    let folders = [
        "fold_0/benign",
        "fold_0/malignant",
        "fold_1/benign",
        "fold_1/malignant",
    ];
    let (dir, rows) = labelled(&folders, &["a"], 1);
    let own = |row: &String| {
        let class = row.split('/').nth(1).unwrap();
        row.replace(",a", &format!(",{class},P1"))
    };
    let rows: Vec<String> = rows.iter().map(own).collect();
    write_table(&dir, "labels.csv", "path,label,patient", &rows);
    let error = read(dir.path()).unwrap_err();
    assert!(
        error.contains("has no column 'fold', which the folders say"),
        "{error}"
    );
}

#[test]
fn a_second_table_of_a_few_images_does_not_hide_the_one_of_all() {
    let (dir, rows) = labelled(&["x", "y"], &["normal", "tumor"], 2);
    write_table(&dir, "a.csv", "path,label", &rows);
    write_table(&dir, "b.csv", "path,label", &rows[1..3]);
    let manifest = read(dir.path()).unwrap();
    assert_eq!(manifest.classes, ["normal", "tumor"]);
    says(&manifest, "b.csv is not used: it names 2 of 8 images");
}
