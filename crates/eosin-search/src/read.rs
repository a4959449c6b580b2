//! A space from a TOML text.

use eosin_core::Config;

use crate::domain::{Domain, Scale};
use crate::error::SpaceError;
use crate::space::{Condition, Parameter, Space};
use crate::value::Value;

/// Words that say what values a key has.
const DOMAINS: [&str; 3] = ["choice", "integer", "float"];
/// All words of a key.
const WORDS: [&str; 7] = [
    "choice", "integer", "float", "log", "step", "points", "when",
];

impl Space {
    /// Reads a space: keys of the configuration, each with its values.
    ///
    /// ```
    /// # use eosin_search::Space;
    /// let space = Space::from_toml(
    ///     "train.head = { choice = ['logistic', 'ridge'] }
    ///      train.strength = { float = [1e-4, 1e2], log = true, when = { train.head = 'ridge' } }",
    /// )?;
    /// assert_eq!(space.parameters()[1].when[0].key, "train.head");
    /// # Ok::<(), eosin_search::SpaceError>(())
    /// ```
    ///
    /// # Errors
    /// Names the key that the configuration does not know, with the nearest; a value that it cannot
    /// have; and what is no description of values.
    pub fn from_toml(text: &str) -> Result<Self, SpaceError> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| SpaceError::Syntax(error.to_string()))?;
        let mut parameters = Vec::new();
        gather(&table, "", &mut parameters)?;
        if parameters.is_empty() {
            return Err(SpaceError::Empty);
        }
        for parameter in &parameters {
            check_values(parameter)?;
            check_conditions(parameter, &parameters)?;
        }
        in_order(parameters).map(Self::of)
    }
}

/// Sets a key, given with dots, of a table.
pub(crate) fn set(table: &mut toml::Table, key: &str, value: toml::Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table
                .entry(first)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// All keys of a table, below whatever tables they stand.
fn gather(
    table: &toml::Table,
    prefix: &str,
    parameters: &mut Vec<Parameter>,
) -> Result<(), SpaceError> {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value {
            toml::Value::Table(inner) if DOMAINS.iter().any(|word| inner.contains_key(*word)) => {
                parameters.push(parameter(key, inner)?);
            }
            toml::Value::Table(inner) if !inner.is_empty() => {
                gather(inner, &format!("{key}."), parameters)?;
            }
            other => {
                check_key(&key, other)?;
                return Err(SpaceError::NoDomain {
                    got: other.to_string(),
                    key,
                });
            }
        }
    }
    Ok(())
}

/// Whether the configuration knows the key, and such a value of it.
fn check_key(key: &str, value: &toml::Value) -> Result<(), SpaceError> {
    let mut table = toml::Table::new();
    set(&mut table, key, value.clone());
    Config::parse(&table.to_string())?;
    Ok(())
}

fn parameter(key: String, table: &toml::Table) -> Result<Parameter, SpaceError> {
    if let Some(word) = table.keys().find(|word| !WORDS.contains(&word.as_str())) {
        return Err(SpaceError::UnknownWord {
            key,
            word: word.clone(),
            known: WORDS.join(", "),
        });
    }
    let reader = Reader { key: &key, table };
    let domain = reader.domain()?;
    let when = reader.conditions()?;
    Ok(Parameter { key, domain, when })
}

/// Reads what stands behind a key.
struct Reader<'a> {
    key: &'a str,
    table: &'a toml::Table,
}

impl Reader<'_> {
    fn wrong(&self, word: &'static str, expected: &str) -> SpaceError {
        let got = self.table.get(word).map(ToString::to_string);
        SpaceError::Values {
            key: self.key.to_owned(),
            word,
            got: got.unwrap_or_else(|| "left out".to_owned()),
            expected: expected.to_owned(),
        }
    }

    /// One word, for whose values the others named are refused.
    fn alone(&self, word: &'static str, others: &[&'static str]) -> Result<(), SpaceError> {
        match others.iter().find(|other| self.table.contains_key(**other)) {
            Some(other) => Err(self.wrong(other, &format!("left out beside {word}"))),
            None => Ok(()),
        }
    }

    fn domain(&self) -> Result<Domain, SpaceError> {
        if self.table.contains_key("choice") {
            self.alone("choice", &["integer", "float", "log", "step", "points"])?;
            return self.choice();
        }
        if self.table.contains_key("integer") {
            self.alone("integer", &["float", "points"])?;
            return self.integer();
        }
        self.alone("float", &["step"])?;
        self.float()
    }

    fn choice(&self) -> Result<Domain, SpaceError> {
        let expected = "a list of words, numbers or true and false, none of them twice";
        let list = self.table["choice"].as_array();
        let list = list.filter(|list| !list.is_empty());
        let values = list.and_then(|list| list.iter().map(Value::from_toml).collect());
        let values: Vec<Value> = values.ok_or_else(|| self.wrong("choice", expected))?;
        let twice = |(at, value): (usize, &Value)| values[..at].iter().any(|v| v.is_same(value));
        if values.iter().enumerate().any(twice) {
            return Err(self.wrong("choice", expected));
        }
        Ok(Domain::Choice { values })
    }

    fn integer(&self) -> Result<Domain, SpaceError> {
        let expected = "two whole numbers, the smaller first, such as [1, 9]";
        let ends = self.table["integer"].as_array().map(Vec::as_slice);
        let Some([toml::Value::Integer(low), toml::Value::Integer(high)]) = ends else {
            return Err(self.wrong("integer", expected));
        };
        let (low, high) = (*low, *high);
        let span = high.checked_sub(low).filter(|span| *span >= 0);
        let span = span.ok_or_else(|| self.wrong("integer", expected))?;
        let scale = self.scale()?;
        if scale == Scale::Log && low < 1 {
            return Err(self.wrong("integer", "from 1 on with log"));
        }
        let step = match self.table.get("step") {
            None => 1,
            Some(toml::Value::Integer(step)) if *step >= 1 => *step,
            Some(_) => return Err(self.wrong("step", "a whole number, 1 or more")),
        };
        if scale == Scale::Log && step != 1 {
            return Err(self.wrong("step", "left out with log"));
        }
        if span % step != 0 {
            let high = high - span % step;
            return Err(self.wrong("step", &format!("a divisor of {span}; or end at {high}")));
        }
        Ok(Domain::Integer {
            low,
            high,
            step,
            scale,
        })
    }

    fn float(&self) -> Result<Domain, SpaceError> {
        let expected = "two numbers, the smaller first, such as [0.1, 1.0]";
        let ends = self.table["float"].as_array().map(Vec::as_slice);
        let number = |value| Value::from_toml(value).and_then(|value| value.number());
        let ends = match ends {
            Some([low, high]) => number(low).zip(number(high)),
            _ => None,
        };
        let ok = |(low, high): &(f64, f64)| low <= high && (high - low).is_finite();
        let (low, high) = ends
            .filter(ok)
            .ok_or_else(|| self.wrong("float", expected))?;
        let scale = self.scale()?;
        if scale == Scale::Log && low <= 0.0 {
            return Err(self.wrong("float", "above 0 with log"));
        }
        let points = match self.table.get("points") {
            None => None,
            Some(toml::Value::Integer(points @ 2..=1_000_000)) => usize::try_from(*points).ok(),
            Some(_) => return Err(self.wrong("points", "a whole number, 2 or more")),
        };
        Ok(Domain::Float {
            low,
            high,
            scale,
            points,
        })
    }

    fn scale(&self) -> Result<Scale, SpaceError> {
        match self.table.get("log") {
            None | Some(toml::Value::Boolean(false)) => Ok(Scale::Linear),
            Some(toml::Value::Boolean(true)) => Ok(Scale::Log),
            Some(_) => Err(self.wrong("log", "true or false")),
        }
    }

    fn conditions(&self) -> Result<Vec<Condition>, SpaceError> {
        let expected = "a table of other keys and their values, such as { train.head = 'ridge' }";
        match self.table.get("when") {
            None => Ok(Vec::new()),
            Some(toml::Value::Table(table)) if !table.is_empty() => {
                let mut found = Vec::new();
                self.flatten(table, "", &mut found)?;
                Ok(found)
            }
            Some(_) => Err(self.wrong("when", expected)),
        }
    }

    fn flatten(
        &self,
        table: &toml::Table,
        prefix: &str,
        found: &mut Vec<Condition>,
    ) -> Result<(), SpaceError> {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            let values = match value {
                toml::Value::Table(inner) => {
                    self.flatten(inner, &format!("{key}."), found)?;
                    continue;
                }
                toml::Value::Array(list) => list.iter().map(Value::from_toml).collect(),
                one => Value::from_toml(one).map(|one| vec![one]),
            };
            let values: Option<Vec<Value>> = values;
            let values = values.filter(|values| !values.is_empty());
            let values = values.ok_or_else(|| self.wrong("when", "values, or lists of values"))?;
            found.push(Condition { key, values });
        }
        Ok(())
    }
}

/// The configuration must know the key, and take its values.
fn check_values(parameter: &Parameter) -> Result<(), SpaceError> {
    let ends: Vec<Value> = match &parameter.domain {
        Domain::Choice { values } => values.clone(),
        Domain::Integer { low, high, .. } => vec![Value::Integer(*low), Value::Integer(*high)],
        // No end, and none that is a whole number: a key of whole numbers takes none of them.
        Domain::Float { low, high, .. } => vec![Value::Float(low / 2.0 + high / 2.0)],
    };
    ends.iter()
        .try_for_each(|value| check_key(&parameter.key, &value.to_toml()))
}

fn check_conditions(parameter: &Parameter, all: &[Parameter]) -> Result<(), SpaceError> {
    for condition in &parameter.when {
        let wrong = |problem: String| SpaceError::Condition {
            key: parameter.key.clone(),
            on: condition.key.clone(),
            problem,
        };
        let Some(other) = all.iter().find(|other| other.key == condition.key) else {
            return Err(wrong(
                "which is not searched; search it, too, or leave 'when' out".into(),
            ));
        };
        let foreign = |value: &&Value| other.domain.place(value).is_none();
        if let Some(value) = condition.values.iter().find(foreign) {
            return Err(wrong(format!("which is never {value} in the space")));
        }
    }
    Ok(())
}

/// Each parameter after those that its conditions are about, otherwise by their keys.
fn in_order(mut waiting: Vec<Parameter>) -> Result<Vec<Parameter>, SpaceError> {
    waiting.sort_by(|one, other| one.key.cmp(&other.key));
    let mut placed: Vec<Parameter> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_placed = |key: &String| placed.iter().any(|done| done.key == *key);
        let ready = |one: &Parameter| one.when.iter().all(|condition| is_placed(&condition.key));
        let Some(at) = waiting.iter().position(ready) else {
            let key = waiting.swap_remove(0).key;
            return Err(SpaceError::Circle { key });
        };
        placed.push(waiting.remove(at));
    }
    Ok(placed)
}
