//! Patches are found, said and predicted in one way by every command.

use crate::run_files::{Row, answers, copy_test_images, rows};
use crate::scratch::{JOB, Scratch};

/// Twelve images of each class in folders of these names.
fn folders(names: &[&str]) -> Scratch {
    let scratch = Scratch::new();
    for name in names {
        for at in 0..12 {
            scratch.write_png(&format!("data/{name}/{at}.png"), 32, 32);
        }
    }
    scratch
}

#[test]
fn a_run_says_its_classes_parts_and_groups_before_it_trains() {
    let scratch = folders(&[
        "Train/benign",
        "Train/malignant",
        "Testing/benign",
        "Testing/malignant",
    ]);
    let run = scratch.eosin(&format!("run --data data --out run {JOB}"));
    run.done().says(&[
        "  classes  benign 24, malignant 24 (48 patches, layout part/class)\n",
        "    parts  train 24, test 24\n",
        "   groups  none known",
    ]);
}

#[test]
fn a_folder_that_can_be_read_in_two_ways_lists_them_and_takes_the_one_that_is_chosen() {
    let scratch = folders(&["red/p", "red/q", "blue/r", "blue/s"]);
    scratch.eosin("run --data data --out run").refused(&[
        "data can be read in more than one way; say which it is with\n",
        "  '--layout class': 2 classes: blue (24), red (24)\n",
        "  '--layout any/class': 4 classes: p (12), q (12), r (12), s (12); blue, red not used\n",
        "  '--layout group/class'",
    ]);
    let inspected = scratch
        .eosin("inspect --data data --layout any/class")
        .done();
    assert!(
        inspected.stdout.contains("layout any/class"),
        "{}",
        inspected.stdout
    );
    let set = scratch
        .eosin("inspect --data data --set data.layout=class --json")
        .done();
    assert_eq!(set.json()["classes"].as_array().map(Vec::len), Some(2));
    scratch
        .eosin("inspect --data data --layout klass")
        .says(&["did you mean 'class'?", "'manifest' or 'datathon'"]);
}

#[test]
fn runs_and_sheets_within_the_data_folder_are_said_and_passed_over() {
    let scratch = folders(&["benign", "malignant"]);
    let first = scratch.eosin(&format!("run --data data --out data/runs/a {JOB}"));
    first.done().says(&["within the data folder"]);
    let sheet = scratch.eosin("augment --data data --preview data/sheet.png");
    sheet
        .done()
        .says(&["it is passed over when patches are read"]);
    scratch
        .eosin("augment --data data --preview data/sheet.jpg")
        .refused(&["would be taken for a patch"]);
    let again = scratch.eosin(&format!("run --data data --out data/runs/b {JOB}"));
    again
        .done()
        .says(&["passed over what eosin wrote: data/runs, data/sheet.png"]);
}

#[test]
fn prediction_reads_folders_as_training_does() {
    let scratch = Scratch::with_run();
    let labels = copy_test_images(&scratch);
    let good = labels.len();
    let (name, _) = labels.first_key_value().expect("test patches");
    let whole = scratch.read(&format!("new/{name}"));
    scratch.write("new/deep/er/one.png", &whole);
    scratch.write("new/._one.png", "\0\u{5}\u{16}\u{7}");
    scratch.write("new/__MACOSX/._two.png", "\0\u{5}\u{16}\u{7}");
    let all = scratch
        .eosin("predict run new")
        .done()
        .says(&["2 entries that systems"]);
    assert_eq!(rows(&all.stdout).len(), good + 1);
    scratch.write("new/cut.png", &whole[..whole.len() / 2]);
    scratch.write("new/empty.png", "");
    scratch.write("new/page.png", "<!DOCTYPE html>");
    scratch.write_png("new/large.png", 48, 48);
    scratch.eosin("predict run new --out p.csv").refused(&[
        "new/cut.png is truncated",
        "new/empty.png is empty",
        "new/page.png is not an image",
        "new/large.png is 48x48 px, the run's patches are 32x32 px",
        "'--resize square'",
        "4 of 17 images cannot be used",
        "'--skip-bad'",
    ]);
    assert!(!scratch.path("p.csv").exists());
    let skipped = scratch.eosin("predict run new --skip-bad --out p.csv");
    skipped.done().says(&[
        "going on without 4 images",
        "13 predictions written to p.csv",
    ]);
    assert_eq!(rows(&scratch.text("p.csv")).len(), good + 1);
    assert!(!scratch.path("p.csv.partial").exists());
    let resized = scratch
        .eosin("predict run new --skip-bad --resize square")
        .done();
    assert_eq!(rows(&resized.stdout).len(), good + 2);
    assert_eq!(rows(&all.stdout)[0], rows(&resized.stdout)[0]);
    scratch.write_png("oblong/a.png", 48, 32);
    scratch
        .eosin("predict run oblong --resize square")
        .refused(&["'--resize stretch' or '--resize pad'"]);
    scratch.eosin("predict run oblong --resize pad").done();
}

#[test]
fn prediction_reads_tables_as_training_does_and_calls_images_what_they_say() {
    let scratch = Scratch::with_run();
    let by_folder = scratch.eosin("predict run data/benign data/malignant");
    let expected = answers(&rows(&by_folder.done().stdout), "");
    // The manifest that the run was trained on: its rows, its order, its keys.
    for named in ["data", "data/manifest.csv"] {
        let predicted = scratch
            .eosin(&format!("predict run {named}"))
            .done()
            .says(&["48 images are those of data/manifest.csv"]);
        let keys = |rows: Vec<Row>| rows.into_iter().map(|row| row["path"].clone());
        let told: Vec<String> = keys(rows(&predicted.stdout)).collect();
        assert_eq!(told, scratch.keys(), "{named}");
        assert_eq!(answers(&rows(&predicted.stdout), ""), expected, "{named}");
    }
    // Another program's table without labels: what it calls an image is what is written.
    let name = &scratch.keys_of("test")[0];
    let windows = format!("C:\\lab\\{}", name.replace('/', "\\"));
    scratch.write(
        "data/x.tsv",
        format!("sep=;\r\nPatient;Image File\r\nP1;{windows}\r\n"),
    );
    let predicted = scratch.eosin("predict run data/x.tsv --out p.csv").done();
    predicted.says(&[
        "column 'Image File' is read as 'path'",
        "47 images in the folder are not used",
    ]);
    assert_eq!(rows(&scratch.text("p.csv"))[0]["Image File"], windows);
    scratch.write("l.csv", format!("path,label\n{windows},benign\n"));
    scratch.eosin("score p.csv --labels l.csv --json").done();
    scratch.write("data/x.tsv", "path\nbenign/gone.png\n");
    scratch
        .eosin("predict run data/x.tsv")
        .refused(&["1 name has no image in data/x.tsv: benign/gone.png"]);
}

#[test]
fn two_images_never_have_one_line_of_the_datathon() {
    let scratch = Scratch::with_run();
    for class in ["benign", "malignant"] {
        scratch.write_png(&format!("new/{class}/1.png"), 32, 32);
    }
    scratch
        .eosin("predict run new --datathon --out p.txt")
        .refused(&["would call both new/benign/1.png and new/malignant/1.png '1'"]);
    assert!(!scratch.path("p.txt").exists());
    scratch.eosin("predict run new --out p.csv").done();
}

#[test]
fn labels_and_predictions_are_read_as_manifests_are() {
    let scratch = Scratch::new();
    let table = "key,prob_benign,prob_malignant\na.png,0.9,0.1\nb.png,0.2,0.8\nc.png,0.7,0.3\n";
    scratch.write("p.csv", table);
    let labels =
        "key,label,reader\na.png,benign,M\u{fc}ller\nb.png,malignant,x\nc.png,malignant,y\n";
    let latin: Vec<u8> = labels
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("Latin"))
        .collect();
    let told = |labels: &[u8]| {
        scratch.write("l.csv", labels);
        scratch.eosin("score p.csv --labels l.csv --json").done()
    };
    let expected = told(labels.as_bytes()).json();
    for same in [
        labels.replace(',', ";").into_bytes(),
        labels.replace(',', "\t").into_bytes(),
        labels
            .replace('\n', "\r\n")
            .replace("benign", " Benign ")
            .into_bytes(),
        labels
            .replace(".png", "")
            .to_uppercase()
            .replace("KEY,LABEL", "key,label")
            .into_bytes(),
        latin,
    ] {
        assert_eq!(told(&same).json(), expected);
    }
    scratch.write(
        "p.csv",
        table
            .replace(',', ";")
            .replace('.', ",")
            .replace(",png", ".png"),
    );
    assert_eq!(told(labels.as_bytes()).json(), expected, "decimal commas");
    let refused = |predictions: &str, labels: &str, parts: &[&str]| {
        scratch.write("p.csv", predictions);
        scratch.write("l.csv", labels);
        scratch.eosin("score p.csv --labels l.csv").refused(parts);
    };
    refused(
        &table.replace("0.2", "nan"),
        labels,
        &["p.csv, line 3: prob_benign of key b.png is 'nan'"],
    );
    refused(
        &table.replace("0.2", "-1.5"),
        labels,
        &["p.csv, line 3", "are these logits?"],
    );
    refused(
        table,
        &labels.replace("benign", "NA"),
        &["l.csv, line 2", "is not known ('NA')"],
    );
    refused(
        table,
        &labels.replacen("malignant", "Malignant", 1),
        &["label 'Malignant' (l.csv, line 3) and 'malignant' (l.csv, line 4)"],
    );
    refused(
        table,
        &labels.replace("malignant", "1"),
        &["write labels as the classes are called"],
    );
}
