//! Runs on embeddings that were made elsewhere.

use std::fs;

use super::array::Array;
use crate::run_files::{Row, answers, rows};
use crate::scratch::{EPOCHS, EXAMINED, JOB, Scratch};

/// What a run predicts, by its part.
fn predicted(scratch: &Scratch, run: &str) -> Vec<Row> {
    rows(&scratch.text(&format!("{run}/predictions.csv")))
}

/// Two runs must have learned and said the same to the last bit, from whatever they started.
#[track_caller]
fn assert_same_answers(scratch: &Scratch, one: &str, other: &str) {
    let mut names = vec!["predictions.csv".to_owned(), "metrics.json".to_owned()];
    names.extend(["folds.json", "events.jsonl"].map(str::to_owned));
    names.extend((0..3).map(|fold| format!("folds/0.{fold}/predictions.csv.gz")));
    for name in names {
        let [a, b] = [one, other].map(|run| scratch.read(&format!("{run}/{name}")));
        assert!(a == b, "{name} of {one} and {other} differ");
    }
}

#[test]
fn embeddings_taken_away_and_brought_back_give_the_run_of_their_network() {
    let scratch = Scratch::with_run();
    for name in ["e.npy", "f.safetensors"] {
        let embed = format!("embed --data data --out {name} {JOB}");
        scratch.eosin(&embed).done();
        let run = format!("run --data data --embeddings {name} --out own-{name} {EXAMINED}");
        let told = scratch.eosin(&run).done();
        assert!(!told.stdout.contains("eosin export"), "{}", told.stdout);
        told.says(&[
            "embeddings: 8 view(s) of 256 values",
            "6 of 6 checks passed",
        ]);
        // The same numbers in the same order: not a bit differs.
        assert_same_answers(&scratch, "run", &format!("own-{name}"));
    }
    let record = scratch.json("own-e.npy/run.json");
    let hash = |name: &str| blake3::hash(&scratch.read(name)).to_hex().to_string();
    assert_eq!(record["embeddings"]["blake3"], hash("e.npy"));
    assert_eq!(record["embeddings"]["keys"]["blake3"], hash("e.csv"));
    assert_eq!(record["embeddings"]["views"], 8);
    assert!(record.get("backbone").is_none() && record.get("weights").is_none());
    assert_eq!(
        scratch.json("own-f.safetensors/run.json")["embeddings"]["blake3"],
        hash("f.safetensors")
    );
    let report = scratch.text("own-e.npy/report.html");
    assert!(report.contains("made elsewhere") && report.contains(&hash("e.npy")));
}

#[test]
fn epochs_on_embeddings_are_those_on_their_network() {
    let scratch = Scratch::with_phantom();
    let job = format!("--data data --mode head {EPOCHS} --set augment.mixup=0.3");
    scratch.eosin(&format!("run {job} --out run")).done();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    scratch
        .eosin(&format!("run {job} --embeddings e.npy --out own"))
        .done();
    assert_same_answers(&scratch, "run", "own");
}

#[test]
fn every_head_stands_on_embeddings_as_on_their_network() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    for (head, words) in [
        ("ridge", "--set train.strength=100"),
        ("lda", "--set train.strength=0.5"),
        ("prototypes", ""),
        ("knn", ""),
        ("mlp", "--mode head --epochs 3"),
    ] {
        let job = format!("--data data --head {head} {words} {JOB}");
        let own = format!("own-{head}");
        scratch.eosin(&format!("run {job} --out {head}")).done();
        scratch
            .eosin(&format!("run {job} --embeddings e.npy --out {own}"))
            .done();
        assert_same_answers(&scratch, head, &own);
        let words = format!("predict {own} --embeddings e.npy");
        let told = answers(&rows(&scratch.eosin(&words).done().stdout), "");
        for (key, answer) in answers(&predicted(&scratch, &own), "test-average") {
            assert_eq!(told[&key], answer, "{head}, {key}");
        }
    }
}

#[test]
fn one_view_is_a_run_without_symmetries() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --augment none --out run {JOB}"))
        .done();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    let mut one = Array::read(&scratch, "e").views(1);
    one.tensor.shape = vec![one.keys.len(), one.tensor.shape[2]];
    one.write(&scratch, "one");
    scratch
        .eosin(&format!(
            "run --data data --embeddings one.npy --out own {JOB}"
        ))
        .done();
    assert_same_answers(&scratch, "run", "own");
    let config = scratch.text("own/config.toml");
    assert!(config.contains("symmetry = \"none\""), "{config}");
}

#[test]
fn some_symmetries_of_eight_can_be_asked_for() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --augment flips --out run {JOB}"))
        .done();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    let run = format!("run --data data --embeddings e.npy --augment flips --out own {JOB}");
    scratch.eosin(&run).done();
    assert_same_answers(&scratch, "run", "own");
}

#[test]
fn views_that_are_no_symmetries_all_count() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    let array = Array::read(&scratch, "e");
    array.views(3).write(&scratch, "three");
    let test: Vec<String> = scratch.keys_of("test");
    for (mode, job) in [("probe", JOB), ("head", EPOCHS)] {
        let run =
            format!("run --data data --embeddings three.npy --mode {mode} --out {mode} {job}");
        scratch.eosin(&run).done();
        assert!(
            scratch
                .json(&format!("{mode}/metrics.json"))
                .get("one_view")
                .is_some()
        );
        let words = format!("predict {mode} --embeddings three.npy --out {mode}.csv");
        scratch.eosin(&words).done();
        let told = answers(&rows(&scratch.text(&format!("{mode}.csv"))), "");
        let of_run = answers(&predicted(&scratch, mode), "test-average");
        assert_eq!(of_run.len(), test.len());
        for (key, answer) in of_run {
            assert_eq!(told[&key], answer, "{key}");
        }
    }
}

#[test]
fn new_rows_are_predicted_by_key_as_the_run_predicted_its_test_patches() {
    let scratch = Scratch::with_phantom();
    scratch.run_on_own_embeddings();
    let array = Array::read(&scratch, "e");
    let test = scratch.keys_of("test");
    let of_test = (0..array.keys.len()).filter(|row| test.contains(&array.keys[*row]));
    array.rows(of_test.rev()).write(&scratch, "new");
    let predict = |words: &str| scratch.eosin(&format!("predict own --embeddings new.npy {words}"));
    let told = predict("").done();
    let own = answers(&rows(&told.stdout), "");
    assert_eq!(own, answers(&predicted(&scratch, "own"), "test-average"));
    let best = answers(&rows(&predict("--fold best").done().stdout), "");
    assert_eq!(best, answers(&predicted(&scratch, "own"), "test-best"));
    let packed = scratch.eosin("pack own --out packed").done();
    assert_eq!(packed.code, Some(0));
    let again = scratch.eosin("predict packed --embeddings new.npy").done();
    assert_eq!(again.stdout, told.stdout);
    predict("--fold 7").refused(&["fold 7 does not exist: the run has 0-2"]);
    array.views(1).write(&scratch, "narrow");
    scratch
        .eosin("predict own --embeddings narrow.npy")
        .refused(&[
            "narrow.npy has 1 view(s) of 256 values",
            "trained on 8 of 256",
        ]);
}

#[test]
fn rows_are_found_whatever_their_order_and_however_their_keys_are_written() {
    let scratch = Scratch::with_phantom();
    scratch.run_on_own_embeddings();
    let array = Array::read(&scratch, "e");
    let mut other = array.rows((0..array.keys.len()).rev());
    for key in &mut other.keys {
        *key = format!("D:\\study\\{}", key.to_uppercase().replace('/', "\\"));
    }
    let mut more = array.rows([0]);
    more.keys[0] = "another.png".to_owned();
    other.tensor.values.extend(&more.tensor.values);
    other.tensor.shape[0] += 1;
    other.keys.extend(more.keys);
    other.write(&scratch, "other");
    let told = scratch
        .eosin(&format!(
            "run --data data --embeddings other.npy --out other {JOB}"
        ))
        .done();
    told.says(&[
        "1 rows of the embeddings are of no patch here",
        "matched by the end of their paths",
    ]);
    assert_same_answers(&scratch, "own", "other");
}

#[test]
fn pictures_of_any_size_may_stand_behind_embeddings() {
    let scratch = Scratch::new();
    let mut array = Array {
        tensor: eosin_weights::StateTensor {
            shape: vec![24, 2],
            values: Vec::new(),
        },
        keys: Vec::new(),
    };
    for at in 0_u8..24 {
        let class = if at % 2 == 0 { "benign" } else { "malignant" };
        let key = format!("{class}/{at}.png");
        scratch.write_png(&format!("data/{key}"), 40 + u32::from(at), 30);
        array.keys.push(key);
        let value = f32::from(at % 2) + f32::from(at) / 50.0;
        array.tensor.values.extend([value, f32::from(at % 5)]);
    }
    array.write(&scratch, "e");
    let told = scratch
        .eosin(&format!(
            "run --data data --embeddings e.npy --out own {JOB}"
        ))
        .done();
    assert!(told.stdout.contains("| AUROC"), "{}", told.stdout);
}

#[test]
fn what_others_saved_is_read_too() {
    let scratch = Scratch::with_phantom();
    scratch.run_on_own_embeddings();
    let array = Array::read(&scratch, "e");
    // Another name of the tensor, a tensor that cannot be meant, keys in a table of another ending.
    let labels = eosin_weights::StateTensor {
        shape: vec![48],
        values: vec![0.0; 48],
    };
    let tensors = eosin_weights::StateDict::from([
        ("features".to_owned(), array.tensor.clone()),
        ("labels".to_owned(), labels),
    ]);
    let bytes = eosin_weights::to_safetensors(
        &tensors,
        &std::collections::BTreeMap::new(),
        eosin_weights::StoredAs::F32,
    );
    scratch.write("x.safetensors", bytes);
    scratch.write(
        "x.txt",
        format!("path;label\n{};\n", array.keys.join(";\n")),
    );
    scratch
        .eosin(&format!(
            "run --data data --embeddings x.safetensors --out x {JOB}"
        ))
        .done();
    assert_same_answers(&scratch, "own", "x");
    // numpy writes doubles where nobody asks.
    let mut doubles = b"\x93NUMPY\x01\x00".to_vec();
    let text = "{'descr': '<f8', 'fortran_order': False, 'shape': (48, 8, 256), }\n";
    doubles.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    doubles.extend(text.as_bytes());
    let values = array.tensor.values.iter();
    doubles.extend(values.flat_map(|value| f64::from(*value).to_le_bytes()));
    scratch.write("e.npy", doubles);
    scratch
        .eosin(&format!("run --data data --embeddings e.npy --out y {JOB}"))
        .done();
    assert_same_answers(&scratch, "own", "y");
}

#[test]
fn a_run_goes_on_with_the_embeddings_that_it_began_with_or_not_at_all() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    for out in ["whole", "left"] {
        let run = format!("run --data data --embeddings e.npy --out {out} {JOB}");
        scratch.eosin(&run).done();
    }
    let interrupt = || {
        for gone in ["run.json", "folds/0.1/outcome.json"] {
            fs::remove_file(scratch.path(&format!("left/{gone}"))).unwrap();
        }
    };
    interrupt();
    scratch.eosin("run --resume left").done();
    assert_same_answers(&scratch, "whole", "left");
    interrupt();
    let (array, keys) = (scratch.read("e.npy"), scratch.read("e.csv"));
    let mut changed = array.clone();
    changed[4000] ^= 1;
    scratch.write("e.npy", &changed);
    let refused = || {
        let hash = blake3::hash(&scratch.read("e.npy")).to_hex().to_string();
        scratch.eosin("run --resume left").refused(&[
            "e.npy is no longer what the run began with",
            &hash,
            "restore it, or begin a new run",
        ]);
    };
    refused();
    scratch.write("e.npy", &array);
    // Two rows change places.
    let text = String::from_utf8(keys.clone()).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(1, 2);
    scratch.write("e.csv", lines.join("\n"));
    refused();
    scratch.write("e.csv", keys);
    scratch.eosin("run --resume left").done();
    assert_same_answers(&scratch, "whole", "left");
}

#[test]
fn embeddings_are_compared_as_networks_are() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    let mut worse = Array::read(&scratch, "e");
    for value in worse.tensor.values.iter_mut().step_by(2) {
        *value = 0.0;
    }
    worse.write(&scratch, "worse");
    let base = format!("ablate --data data --embeddings e.npy {JOB}");
    let told = scratch
        .eosin(&format!(
            "{base} --out a --factor backbone.embeddings=worse.npy"
        ))
        .done();
    assert!(
        told.stdout.contains("backbone.embeddings=worse.npy"),
        "{}",
        told.stdout
    );
    // Every change is checked before the first run begins.
    worse.views(1).write(&scratch, "one");
    scratch
        .eosin(&format!(
            "{base} --out c --factor backbone.embeddings=one.npy"
        ))
        .refused(&["augment.symmetry is d4", "has 1 view(s)"]);
    assert!(!scratch.path("c").exists());
    let both = "backbone.embeddings=one.npy,augment.symmetry=none";
    scratch
        .eosin(&format!("{base} --out c --factor {both}"))
        .done();
    // The usual changes are those that embeddings leave.
    let told = scratch.eosin(&format!("{base} --out b")).done();
    assert!(
        told.stdout.contains("augment.symmetry=none"),
        "{}",
        told.stdout
    );
    assert!(
        !told.stdout.contains("backbone.normalise"),
        "{}",
        told.stdout
    );
}
