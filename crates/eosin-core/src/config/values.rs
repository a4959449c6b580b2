//! What is wrong with a value of the configuration, in the words of whoever wrote it.

use serde::Deserialize as _;

use super::Config;
use super::check::all_keys;
use super::error::ConfigError;

/// The largest values of the whole numbers that the configuration holds, the smallest first.
const LARGEST: [u32; 3] = [u8::MAX as u32, u16::MAX as u32, u32::MAX];

impl Config {
    /// Whether the value of a key, such as `train.mode`, is a text: what is typed for it is then never
    /// taken for a number or a truth value.
    pub fn takes_text(key: &str) -> bool {
        let mut known = toml::Value::Table(all_keys());
        for part in key.split('.') {
            match known.get(part) {
                Some(inner) => known = inner.clone(),
                None => return false,
            }
        }
        known.is_str()
    }
}

/// Refuses the first value that its key cannot have.
pub(super) fn check_values(given: &toml::Table) -> Result<(), ConfigError> {
    check_table(given, &all_keys(), &[])
}

fn check_table(
    given: &toml::Table,
    known: &toml::Table,
    above: &[&str],
) -> Result<(), ConfigError> {
    for (key, value) in given {
        // Unknown keys have been refused before.
        let Some(usual) = known.get(key) else {
            continue;
        };
        let path = [above, &[key.as_str()]].concat();
        match (value, usual) {
            (toml::Value::Table(given), toml::Value::Table(known)) => {
                check_table(given, known, &path)?;
            }
            _ => check_value(value, usual, &path)?,
        }
    }
    Ok(())
}

fn check_value(value: &toml::Value, usual: &toml::Value, path: &[&str]) -> Result<(), ConfigError> {
    let Err(reason) = alone(value, path) else {
        return Ok(());
    };
    let key = path.join(".");
    // A word says itself what it may be, so what stands for a word is told as one.
    let as_word = match value {
        toml::Value::String(_) => Some(reason),
        other => alone(&toml::Value::String(other.to_string()), path).err(),
    };
    if let (toml::Value::String(_), Some(problem)) = (usual, as_word) {
        return Err(ConfigError::Word { key, problem });
    }
    Err(ConfigError::Value {
        key,
        got: match value {
            toml::Value::String(text) => format!("'{text}'"),
            other => other.to_string(),
        },
        expected: expected(value, usual, path),
    })
}

/// What a key takes whose usual value is `usual`.
fn expected(value: &toml::Value, usual: &toml::Value, path: &[&str]) -> String {
    let accepts = |largest: &&u32| alone(&toml::Value::Integer(i64::from(**largest)), path).is_ok();
    match (usual, value) {
        (toml::Value::Boolean(_), _) => "true or false".to_owned(),
        (toml::Value::Integer(_), toml::Value::Integer(0..)) => {
            let largest = LARGEST.iter().rfind(accepts).unwrap_or(&0);
            format!("a whole number from 0 to {largest}")
        }
        (toml::Value::Integer(_), _) => "a whole number, 0 or more".to_owned(),
        (toml::Value::Float(_), _) => "a number".to_owned(),
        (toml::Value::Array(_), _) if alone(&toml::Value::from(vec![1]), path).is_ok() => {
            "a list of whole numbers, such as [48, 64]".to_owned()
        }
        (toml::Value::Array(_), _) => "a list of texts, such as ['a', 'b']".to_owned(),
        (toml::Value::Table(keys), _) => {
            let first = keys.keys().next().map_or("", String::as_str);
            format!("a table with keys, such as {}.{first}", path.join("."))
        }
        _ => "a text".to_owned(),
    }
}

/// The configuration that sets one key only, or why there is none.
fn alone(value: &toml::Value, path: &[&str]) -> Result<Config, String> {
    let whole = path.iter().rev().fold(value.clone(), |inner, key| {
        toml::Value::Table(toml::Table::from_iter([((*key).to_owned(), inner)]))
    });
    Config::deserialize(whole).map_err(|error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_value_of_another_kind_is_told_with_what_is_allowed() {
        for (text, said) in [
            (
                "train.epochs = 'x'",
                "train.epochs is 'x'; it must be a whole number, 0 or more",
            ),
            (
                "train.epochs = -1",
                "train.epochs is -1; it must be a whole number, 0 or more",
            ),
            (
                "train.epochs = 2.5",
                "train.epochs is 2.5; it must be a whole number, 0 or more",
            ),
            (
                "augment.jpeg_quality = 300",
                "augment.jpeg_quality is 300; it must be a whole number from 0 to 255",
            ),
            (
                "train.learning_rate = 'fast'",
                "train.learning_rate is 'fast'; it must be a number",
            ),
            (
                "train.nesterov = 'yes'",
                "train.nesterov is 'yes'; it must be true or false",
            ),
            (
                "data.classes = 'a'",
                "data.classes is 'a'; it must be a list of texts, such as ['a', 'b']",
            ),
            ("data.positive = 1", "data.positive is 1; it must be a text"),
            (
                "seed = -1",
                "seed is -1; it must be a whole number, 0 or more",
            ),
        ] {
            assert_eq!(refused(text), said);
        }
        let said = refused("train = 3");
        assert!(
            said.starts_with("train is 3; it must be a table with keys, such as train."),
            "{said}"
        );
    }

    #[test]
    fn no_value_is_refused_in_words_of_the_program() {
        let foreign = [
            "usize",
            "u64",
            "u8",
            "f64",
            "variant",
            "struct",
            "Written",
            "Kind",
            "Mode",
            "Views",
            "expected ",
            "invalid",
        ];
        let values = ["true", "-1", "1.5", "'nonsense'", "[1]", "{ a = 1 }"];
        for (section, keys) in &all_keys() {
            let keys = match keys {
                toml::Value::Table(keys) => {
                    keys.keys().map(|key| format!("{section}.{key}")).collect()
                }
                _ => vec![section.clone()],
            };
            for key in keys {
                for value in values {
                    let Err(error) = Config::parse(&format!("{key} = {value}")) else {
                        continue;
                    };
                    let said = error.to_string();
                    assert!(said.starts_with(&key), "{key} = {value}: {said}");
                    for word in foreign {
                        assert!(!said.contains(word), "{key} = {value}: {said}");
                    }
                }
            }
        }
    }

    #[test]
    fn words_and_numbers_of_views_are_all_listed() {
        for value in ["3", "true", "1.0", "'d8'"] {
            let said = refused(&format!("predict.views = {value}"));
            for part in [
                &format!("predict.views: '{}' is unknown", value.trim_matches('\'')),
                "choose one of auto, none, hflip, vflip, flips, rot90, d4",
                "1 (none), 2 (hflip), 4 (flips) or 8 (d4)",
            ] {
                assert!(said.contains(part), "{said}");
            }
        }
        for value in ["4", "'4'", "'flips'"] {
            let config = Config::parse(&format!("predict.views = {value}")).unwrap();
            assert_eq!(config.predict.views.as_str(), "flips");
        }
    }

    #[test]
    fn keys_of_texts_are_known() {
        for key in [
            "train.mode",
            "data.positive",
            "predict.views",
            "data.layout",
        ] {
            assert!(Config::takes_text(key), "{key}");
        }
        for key in ["train.epochs", "train", "train.mode.x", "nothing", "seed"] {
            assert!(!Config::takes_text(key), "{key}");
        }
    }
}
