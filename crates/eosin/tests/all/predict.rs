//! What `eosin predict` takes, says and writes.

use crate::run_files::{file_name, rows};
use crate::scratch::{JOB, Scratch};

#[test]
fn a_file_that_is_there_is_replaced_only_when_asked() {
    let scratch = Scratch::with_run();
    let image = format!("data/{}", scratch.keys()[0]);
    scratch.write("p.csv", "mine");
    let predict = format!("predict run {image} --out");
    scratch
        .eosin(&format!("{predict} p.csv"))
        .refused(&["p.csv is there already", "'--overwrite'"]);
    assert_eq!(scratch.text("p.csv"), "mine");
    scratch
        .eosin(&format!("{predict} p.csv --overwrite"))
        .done();
    assert!(scratch.text("p.csv").starts_with("path,pred,prob_benign"));
    scratch
        .eosin(&format!("{predict} no/p.csv"))
        .refused(&["no/p.csv cannot be written: the folder no does not exist; make it"]);
    scratch
        .eosin(&format!("{predict} data"))
        .refused(&["data is a folder"]);
}

#[test]
fn every_image_that_cannot_be_used_is_listed_and_named_once() {
    let scratch = Scratch::with_run();
    for image in 0..30 {
        scratch.write(&format!("new/{image}.png"), "no picture");
    }
    let told = scratch.eosin("predict run new");
    for image in 0..30 {
        let name = format!("new/{image}.png");
        assert_eq!(told.stderr.matches(&name).count(), 1, "{}", told.stderr);
    }
    assert!(!told.stderr.contains("inspect --"), "{}", told.stderr);
    told.refused(&["30 of 30 images cannot be used"]);
    // A table may call an image otherwise: then both are said.
    scratch.write("new/t.csv", "key,path\nP1,3.png\n");
    scratch
        .eosin("predict run new/t.csv")
        .refused(&["  P1: new/3.png is not an image"]);
    // A set to train on has a listing of its own, which the message names as it is typed.
    for image in 0..30 {
        scratch.write(&format!("data/benign/x{image}.png"), "no picture");
    }
    std::fs::remove_file(scratch.path("data/manifest.csv")).unwrap();
    scratch
        .eosin(&format!("run --data data --out other {JOB}"))
        .refused(&["and 10 more: 'eosin inspect --data DIR --json' lists all"]);
    let listed = scratch.eosin("inspect --data data --json").json();
    let problems = listed["problems"].as_array().unwrap();
    let unread = problems.iter().filter(|one| one["kind"] == "wrong-format");
    assert_eq!(unread.count(), 30);
}

#[test]
fn a_folder_with_several_tables_of_labels_is_predicted_by_its_images() {
    let scratch = Scratch::with_run();
    for image in 0..3 {
        scratch.write_png(&format!("new/{image}.png"), 32, 32);
    }
    scratch.write("new/one.csv", "image_id,label\n0,a\n1,b\n");
    let keys = |words: &str, column: &str| {
        let told = scratch.eosin(&format!("predict run {words}")).done();
        let keys = rows(&told.stdout)
            .into_iter()
            .map(|row| row[column].clone());
        (keys.collect::<Vec<_>>(), told.stderr)
    };
    // Of one table the images that it names, by the keys that it gives, in a column that it names.
    let (by_table, said) = keys("new", "image_id");
    assert_eq!(by_table, ["0", "1"]);
    assert!(said.contains("2 images are those of new/one.csv"), "{said}");
    scratch.write("new/two.csv", "path,label\n0.png,b\n");
    let (by_folder, said) = keys("new", "path");
    let names: Vec<String> = by_folder.iter().map(|key| file_name(key)).collect();
    assert_eq!(names, ["0.png", "1.png", "2.png"]);
    assert!(
        said.contains("new/one.csv and new/two.csv hold labels, and none of them is used"),
        "{said}"
    );
    assert_eq!(keys("new/one.csv", "image_id").0, by_table);
    scratch.eosin("predict run new/one.csv --out p.csv").done();
    scratch.write("l.csv", "image_id,label\n0,benign\n1,malignant\n");
    scratch.eosin("score p.csv --labels l.csv").done();
}

#[test]
fn what_is_missing_is_asked_for_in_the_words_of_the_run() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("predict run")
        .refused(&["nothing to predict", "'eosin predict run IMAGES'"]);
    scratch.run_on_own_embeddings();
    let image = format!("data/{}", scratch.keys()[0]);
    for command in ["predict own".to_owned(), format!("predict own {image}")] {
        scratch.eosin(&command).refused(&[
            "the run in own starts from embeddings",
            "'eosin predict own --embeddings FILE'",
        ]);
    }
    let told = scratch.eosin("predict own --embeddings e.npy").done();
    assert!(told.stdout.starts_with("key,pred,"), "{}", told.stdout);
}
