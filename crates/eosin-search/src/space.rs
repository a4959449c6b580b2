//! Which keys are searched, between which values, and under which conditions.

use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::value::{Assignment, Value};

/// A key is searched only where another has one of these values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The other key; it is searched, too.
    pub key: String,
    /// Values of it.
    pub values: Vec<Value>,
}

/// A key that is searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The key, such as `train.learning_rate`.
    pub key: String,
    /// The values that it may have.
    pub domain: Domain,
    /// When it is searched; none: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
}

impl Parameter {
    /// Whether all conditions hold, which are about keys that have been assigned before.
    pub fn is_active(&self, assigned: &Assignment) -> bool {
        self.when.iter().all(|condition| {
            let value = assigned.get(&condition.key);
            value.is_some_and(|value| condition.values.iter().any(|one| one.is_same(value)))
        })
    }
}

/// All keys that are searched; each after those that its conditions are about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Space {
    parameters: Vec<Parameter>,
}

impl Space {
    /// A space of parameters that are in order already.
    pub(crate) const fn of(parameters: Vec<Parameter>) -> Self {
        Self { parameters }
    }

    /// Its parameters, each after those that its conditions are about.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameter of a key.
    pub fn parameter(&self, key: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|known| known.key == key)
    }

    /// Whether every active key has a value that it may have, and no other has any.
    pub fn holds(&self, assignment: &Assignment) -> bool {
        let mut active = 0;
        for parameter in &self.parameters {
            if !parameter.is_active(assignment) {
                continue;
            }
            active += 1;
            let value = assignment.get(&parameter.key);
            if value
                .and_then(|value| parameter.domain.place(value))
                .is_none()
            {
                return false;
            }
        }
        active == assignment.len()
    }
}
