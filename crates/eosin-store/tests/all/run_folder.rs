//! The run folder as its users meet it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use eosin_core::config::{
    CacheDtype, HeadKind, NormaliseMode, Precision, ResizeFilter, ResizePolicy, Symmetries,
    TensorChoice, Weights,
};
use eosin_core::{BackboneName, FoldId, Normalisation, Preprocess, Resize};
use eosin_store::{
    EmbeddingsRecord, Existing, FoldFile, KeysRecord, NetworkRecord, RunError, RunFolder,
    RunRecord, StartRecord, names,
};

use crate::support::{child, child_dir, text};

fn record() -> RunRecord {
    RunRecord {
        format: RunRecord::FORMAT,
        eosin_version: "0.1.0".to_owned(),
        created: "2026-01-02T03:04:05Z".to_owned(),
        command: vec!["eosin".to_owned(), "run".to_owned()],
        seed: u64::MAX,
        manifest_hash: "ab".to_owned(),
        patches_hash: "ef".to_owned(),
        start: StartRecord::Network(NetworkRecord {
            backbone: BackboneName::ResNet18,
            classifier: "fc.".to_owned(),
            precision: Precision::Int8,
            cache_dtype: CacheDtype::F16,
            weights: Weights::Named("resnet18.a1_in1k".to_owned()),
            tensors: TensorChoice::default(),
            weights_hash: "cd".to_owned(),
            seen_by_weights: [0, 0],
            normalise: NormaliseMode::ImageNet,
        }),
        head: HeadKind::Logistic,
        hidden: 0,
        cut: "layer4".to_owned(),
        other_sizes: Vec::new(),
        views: Symmetries::D4,
        classes: vec!["benign".to_owned(), "malignant".to_owned()],
        positive: "malignant".to_owned(),
        max_side_px: 8192,
        preprocess: vec![Preprocess {
            size_px: 96,
            resize: Some(Resize {
                filter: ResizeFilter::Bilinear,
                non_square: ResizePolicy::Square,
            }),
            stain: None,
            mpp: Some(0.5),
            scale: Normalisation {
                mean: [0.485, 0.456, 0.406],
                std: [0.229, 0.224, 0.225],
            },
        }],
        stain: None,
        decision: None,
        repeats: 1,
        folds: 10,
        best: FoldId::new(0, 2),
        device: "cpu".to_owned(),
        threads: 2,
    }
}

#[test]
fn a_record_says_from_what_a_run_started() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path().join("run"), Existing::Refuse).unwrap();
    let embeddings = EmbeddingsRecord {
        file: "e.npy".into(),
        blake3: "ab".to_owned(),
        keys: Some(KeysRecord {
            file: "e.csv".into(),
            blake3: "cd".to_owned(),
        }),
        views: 8,
        width: 4,
    };
    assert!(embeddings.are_symmetries());
    let start = StartRecord::Embeddings { embeddings };
    let own = RunRecord { start, ..record() };
    for record in [record(), own] {
        run.write_json(names::RUN, &record).unwrap();
        assert_eq!(run.record().unwrap(), record);
    }
    let text = run.read_text(names::RUN).unwrap();
    assert!(!text.contains("backbone"), "{text}");
    run.write(names::RUN, text.replace("\"embeddings\"", "\"else\""))
        .unwrap();
    let error = run.record().unwrap_err().to_string();
    assert!(
        error.contains("neither which network the run started from"),
        "{error}"
    );
}

#[test]
fn a_run_reads_back_what_it_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/run");
    let run = RunFolder::create(&path, Existing::Refuse).unwrap();
    run.write_json(names::RUN, &record()).unwrap();
    run.write(names::CONFIG, "seed = 1\n").unwrap();
    for fold in [FoldId::new(0, 10), FoldId::new(1, 2), FoldId::new(0, 2)] {
        run.write(&FoldFile::Outcome.of(fold), fold.stem()).unwrap();
    }
    // A fold whose outcome is not there is not finished.
    let begun = FoldId::new(0, 7);
    run.write(&FoldFile::Weights.of(begun), "w").unwrap();
    run.event_log().unwrap().append(&7).unwrap();
    drop(run);
    let run = RunFolder::open(&path).unwrap();
    assert_eq!(run.record().unwrap(), record());
    assert_eq!(run.read_text(names::CONFIG).unwrap(), "seed = 1\n");
    let finished: Vec<String> = run
        .finished_folds()
        .unwrap()
        .into_iter()
        .map(FoldId::stem)
        .collect();
    assert_eq!(finished, ["0.2", "0.10", "1.2"]);
    let outcome = FoldFile::Outcome.of(FoldId::new(0, 10));
    assert_eq!(run.read_text(&outcome).unwrap(), "0.10");
    assert_eq!(run.events::<u8>().unwrap(), [7]);
    let error = run.write(names::REPORT, "").unwrap_err();
    assert!(matches!(error, RunError::ReadOnly { .. }));
    assert!(matches!(run.event_log(), Err(RunError::ReadOnly { .. })));
}

#[test]
fn a_folder_that_holds_a_run_is_refused_resumed_or_overwritten_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Existing::Refuse).unwrap();
    run.write_json(names::RUN, &record()).unwrap();
    let outcome = FoldFile::Outcome.of(FoldId::default());
    run.write(&outcome, "{}").unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    drop(run);
    let error = RunFolder::create(dir.path(), Existing::Refuse).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("already holds a run; choose another --out"),
        "{error}"
    );
    let run = RunFolder::create(dir.path(), Existing::Resume).unwrap();
    assert_eq!(run.finished_folds().unwrap(), [FoldId::default()]);
    drop(run);
    let run = RunFolder::create(dir.path(), Existing::Overwrite).unwrap();
    assert!(run.finished_folds().unwrap().is_empty() && !run.has(names::RUN));
    assert!(!dir.path().join(names::FOLD_FOLDERS).exists());
    assert!(run.has("notes.txt"));
}

#[test]
fn a_complete_run_is_kept_until_the_one_in_its_place_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = FoldFile::Outcome.of(FoldId::default());
    let complete = |run: &RunFolder, text: &str| {
        run.write(&outcome, text).unwrap();
        run.write(names::RUN, text).unwrap();
    };
    let run = RunFolder::create(dir.path(), Existing::Refuse).unwrap();
    complete(&run, "first");
    drop(run);
    // Twice: what was begun and never completed takes nobody's place.
    for _ in 0..2 {
        let run = RunFolder::create(dir.path(), Existing::Overwrite).unwrap();
        run.write(&outcome, "second").unwrap();
        let kept = RunFolder::open(run.replaced().unwrap()).unwrap();
        assert_eq!(kept.read_text(&outcome).unwrap(), "first");
        assert_eq!(kept.finished_folds().unwrap(), [FoldId::default()]);
    }
    let run = RunFolder::create(dir.path(), Existing::Resume).unwrap();
    complete(&run, "second");
    run.drop_replaced().unwrap();
    assert_eq!(run.replaced(), None);
    assert!(!run.path(names::REPLACED).exists());
    // A move that was cut short is undone by whoever opens the run.
    drop(run);
    let aside = dir.path().join(names::REPLACED);
    fs::create_dir_all(aside.join("folds/0.0")).unwrap();
    fs::rename(dir.path().join(&outcome), aside.join(&outcome)).unwrap();
    let run = RunFolder::open(dir.path()).unwrap();
    assert_eq!(run.read_text(&outcome).unwrap(), "second");
    assert!(!aside.exists());
    // One that is being removed is another thing.
    fs::create_dir_all(dir.path().join("replaced.gone/folds/0.0")).unwrap();
    fs::write(dir.path().join("replaced.gone").join(&outcome), "first").unwrap();
    let run = RunFolder::open(dir.path()).unwrap();
    assert_eq!(run.read_text(&outcome).unwrap(), "second");
    let run = RunFolder::create(dir.path(), Existing::Overwrite).unwrap();
    let kept = RunFolder::open(run.replaced().unwrap()).unwrap();
    assert_eq!(kept.read_text(&outcome).unwrap(), "second");
    assert!(!dir.path().join("replaced.gone").exists());
}

#[test]
fn a_folder_with_a_file_that_would_be_replaced_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("manifest.csv"), "path,label\n").unwrap();
    for existing in [Existing::Refuse, Existing::Overwrite] {
        let error = RunFolder::create(dir.path(), existing).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("holds 'manifest.csv', which is no run's"),
            "{error}"
        );
        assert!(!dir.path().join(names::LOCK).exists());
    }
    // Of a run that was begun it says how to go on.
    fs::write(dir.path().join(names::START), "{}").unwrap();
    let error = RunFolder::create(dir.path(), Existing::Refuse).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("holds 'manifest.csv' and no finished run"),
        "{error}"
    );
}

#[test]
fn a_run_killed_before_it_was_begun_in_full_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Existing::Refuse).unwrap();
    run.write(names::CONFIG, "").unwrap();
    drop(run);
    RunFolder::create(dir.path(), Existing::Overwrite).unwrap();
    assert!(!dir.path().join(names::CONFIG).exists());
}

#[test]
fn a_folder_in_use_by_this_process_is_refused_too() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Existing::Refuse).unwrap();
    let error = RunFolder::create(dir.path(), Existing::Overwrite).unwrap_err();
    let wanted = format!(
        "run folder {} is in use by process {}; wait for it or choose another --out",
        dir.path().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), wanted);
    drop(run);
    RunFolder::create(dir.path(), Existing::Overwrite).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_in_use_by_a_live_process_is_refused_until_that_process_dies() {
    if let Some(dir) = child_dir() {
        let _run = RunFolder::create(dir, Existing::Refuse).unwrap();
        println!("locked");
        std::io::stdout().flush().unwrap();
        std::thread::sleep(std::time::Duration::from_mins(1));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let name = "run_folder::a_folder_in_use_by_a_live_process_is_refused_until_that_process_dies";
    let mut other = child(name, "", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(
        lines
            .map_while(Result::ok)
            .any(|line| line.contains("locked"))
    );
    let error = RunFolder::create(dir.path(), Existing::Refuse).unwrap_err();
    let wanted = format!("is in use by process {}; wait for it", other.id());
    assert!(error.to_string().contains(&wanted), "{error}");
    other.kill().unwrap();
    other.wait().unwrap();
    RunFolder::create(dir.path(), Existing::Refuse).unwrap();
}

#[test]
fn a_folder_that_is_no_run_is_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let error = RunFolder::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("is no run folder: it has no run.json"),
        "{error}"
    );
    let error = RunFolder::open(dir.path().join("gone")).unwrap_err();
    assert!(error.to_string().contains("gone does not exist"), "{error}");
}

#[test]
fn truncated_json_names_the_file_and_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Existing::Refuse).unwrap();
    run.write_json(names::RUN, &record()).unwrap();
    let whole = run.read(names::RUN).unwrap();
    for cut in 0..whole.len() - 2 {
        run.write(names::RUN, &whole[..cut]).unwrap();
        let error = run.record().unwrap_err().to_string();
        assert!(error.contains("run.json is damaged: "), "{error}");
        assert!(
            error.contains("run again with '--out' elsewhere"),
            "{error}"
        );
    }
    let error = run.read_json::<RunRecord>(names::METRICS).unwrap_err();
    assert!(
        error.to_string().contains("has no 'metrics.json'"),
        "{error}"
    );
}

#[test]
fn a_name_that_leaves_the_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Existing::Refuse).unwrap();
    for name in ["../x", "/etc/x", "a/../b", "a//b", "", ".", "..", "a/"] {
        let error = run.write(name, "").unwrap_err();
        assert!(matches!(error, RunError::Name { .. }), "{name}: {error}");
        assert!(run.read(name).is_err());
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file_and_whole_events() {
    if let Some(dir) = child_dir() {
        let run = RunFolder::create(dir, Existing::Resume).unwrap();
        let error = run.write(names::METRICS, [b'x'; 9000]).unwrap_err();
        assert!(error.to_string().contains("cannot write "), "{error}");
        assert!(error.to_string().contains("metrics.json: "), "{error}");
        let mut log = run.event_log().unwrap();
        let failed = (0..1000).find(|index| log.append(&(index, "event")).is_err());
        assert_eq!(
            run.events::<(usize, String)>().unwrap().len(),
            failed.unwrap()
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(names::METRICS), "old").unwrap();
    let name = "run_folder::a_full_disk_leaves_the_old_file_and_whole_events";
    let output = child(name, "trap '' XFSZ; ulimit -f 8;", dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let metrics = fs::read_to_string(dir.path().join(names::METRICS)).unwrap();
    assert_eq!(metrics, "old");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}
