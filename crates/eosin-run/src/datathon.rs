//! Predictions as the 2020 datathon wanted them: lines `<key> <class>`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use eosin_core::Task;

/// What the lines call an image: the stem of its file.
pub fn datathon_key(key: &str) -> String {
    let name = key.rsplit(['/', '\\']).next().unwrap_or(key);
    let stem = Path::new(name).file_stem();
    stem.map_or_else(String::new, |stem| stem.to_string_lossy().into())
}

/// The line of an image. A class is its own number where all classes are numbers, else its place.
pub fn datathon_line(task: &Task, key: &str, probs: &[f32]) -> String {
    let stem = datathon_key(key);
    format!("{stem} {}", class_number(task, task.decision.decide(probs)))
}

fn class_number(task: &Task, class: usize) -> String {
    let numbered = task.classes.iter().all(|name| name.parse::<u64>().is_ok());
    if numbered {
        task.classes[class].clone()
    } else {
        class.to_string()
    }
}

/// Refuses images that the lines would call alike; `fix` says what else can be done.
///
/// # Errors
/// Names the first two.
pub fn refuse_same_stems<'a>(keys: impl Iterator<Item = &'a str>, fix: &str) -> Result<()> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for key in keys {
        let stem = datathon_key(key);
        if let Some(first) = seen.insert(stem.clone(), key) {
            bail!("lines '<key> <class>' would call both {first} and {key} '{stem}'; {fix}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_numbers_are_written_as_themselves() {
        let task = |classes: &[&str]| {
            let classes = classes.iter().map(|class| (*class).to_owned()).collect();
            Task::new(classes, 0)
        };
        let line = |classes: &[&str]| datathon_line(&task(classes), "new/7.png", &[0.1, 0.2, 0.7]);
        assert_eq!(line(&["0", "1", "10"]), "7 10");
        assert_eq!(line(&["benign", "in situ", "invasive"]), "7 2");
    }
}
