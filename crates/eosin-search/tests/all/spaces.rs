//! Spaces as they are written, and what is refused.

use eosin_search::{Assignment, Space, Value, grid};

#[track_caller]
fn refused(text: &str) -> String {
    Space::from_toml(text).expect_err(text).to_string()
}

#[test]
fn an_unknown_key_names_the_nearest() {
    assert_eq!(
        refused("train.learning_rat = { float = [0.1, 1.0] }"),
        "unknown key 'train.learning_rat'; did you mean 'train.learning_rate'?"
    );
    // Without a description, too.
    assert!(refused("train.learning_rat = 3").contains("did you mean 'train.learning_rate'"));
}

#[test]
fn values_that_the_key_cannot_have_are_refused() {
    for (text, said) in [
        (
            "train.mode = { choice = ['probe', 'heads'] }",
            "'heads' is unknown; choose one of",
        ),
        (
            "train.epochs = { float = [1.0, 2.5] }",
            "train.epochs is 1.75; it must be a whole number",
        ),
        (
            "train.epochs = { integer = [-3, 2] }",
            "train.epochs is -3; it must be a whole number",
        ),
    ] {
        let got = refused(text);
        assert!(got.contains(said), "{got}");
    }
}

#[test]
fn what_describes_no_values_is_refused_with_what_to_write() {
    for (text, said) in [
        ("", "the space names no key"),
        (
            "train.epochs = 3",
            "it must be a table that says its values",
        ),
        (
            "train.epochs = { integer = [9, 1] }",
            "two whole numbers, the smaller first",
        ),
        (
            "train.epochs = { integer = [1, 9], log = 1 }",
            "true or false",
        ),
        (
            "train.epochs = { integer = [0, 9], log = true }",
            "from 1 on with log",
        ),
        (
            "train.epochs = { integer = [1, 9], step = 3 }",
            "a divisor of 8; or end at 7",
        ),
        (
            "train.epochs = { integer = [1, 9], steps = 2 }",
            "'steps' in the space, which is unknown",
        ),
        (
            "train.dropout = { float = [0.0, 0.5], log = true }",
            "above 0 with log",
        ),
        (
            "train.dropout = { float = [0.0, 0.5], step = 0.1 }",
            "left out beside float",
        ),
        (
            "train.dropout = { choice = [0.1, 0.1] }",
            "none of them twice",
        ),
        (
            "train.dropout = { choice = [0.1], log = true }",
            "left out beside choice",
        ),
        ("train.dropout = {", "the space is no TOML"),
    ] {
        let got = refused(text);
        assert!(got.contains(said), "{text}: {got}");
    }
}

#[test]
fn conditions_are_about_keys_and_values_that_are_searched() {
    let head = "train.head = { choice = ['ridge', 'lda'] }\n";
    let strength = "train.strength = { float = [1e-3, 1.0], log = true, when = ";
    let got = refused(&format!("{strength}{{ train.head = 'ridge' }} }}"));
    assert!(got.contains("which is not searched"), "{got}");
    let got = refused(&format!("{head}{strength}{{ train.head = 'knn' }} }}"));
    assert!(got.contains("which is never knn in the space"), "{got}");
    let circle = "train.epochs = { integer = [1, 2], when = { train.hidden = 1 } }
                  train.hidden = { integer = [1, 2], when = { train.epochs = 1 } }";
    assert!(refused(circle).contains("depends on itself"));
}

#[test]
fn a_grid_has_all_combinations_of_active_keys() {
    let space = Space::from_toml(
        "train.head = { choice = ['ridge', 'prototypes'] }
         train.strength = { float = [0.01, 1.0], log = true, points = 3, when.train.head = 'ridge' }",
    )
    .unwrap();
    let places = grid(&space).unwrap();
    let strength = |place: &Assignment| place.get("train.strength").and_then(Value::number);
    let strengths: Vec<Option<f64>> = places.iter().map(strength).collect();
    let [Some(first), Some(middle), Some(last), None] = strengths[..] else {
        panic!("{strengths:?}");
    };
    assert!(first <= 0.01 && last >= 1.0, "{first} {last}");
    assert!((middle - 0.1).abs() < 1e-12);
    assert!(places.iter().all(|place| space.holds(place)));
    let endless = Space::from_toml("train.dropout = { float = [0.0, 0.5] }").unwrap();
    let said = grid(&endless).unwrap_err().to_string();
    assert!(said.contains("say how many with 'points = 5'"), "{said}");
}

#[test]
fn a_space_survives_being_written_as_json() {
    let space = Space::from_toml(
        "train.head = { choice = ['ridge', 'lda'] }
         train.strength = { float = [1e-3, 1.0], log = true, when.train.head = ['ridge'] }
         train.hidden = { integer = [8, 64], step = 8 }
         train.nesterov = { choice = [true, false] }",
    )
    .unwrap();
    let text = serde_json::to_string(&space).unwrap();
    assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), space);
}
