//! The values that a searched key may have.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::value::Value;
use crate::whole::{index, nearest};

/// Whether equal steps of a number mean equal differences or equal ratios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Differences.
    #[default]
    Linear,
    /// Ratios.
    Log,
}

impl Scale {
    /// A number as it is compared on this scale.
    pub fn of(self, number: f64) -> f64 {
        match self {
            Self::Linear => number,
            Self::Log => number.ln(),
        }
    }

    /// The number whose place on this scale is given.
    pub fn back(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => place.exp(),
        }
    }
}

/// The values that a searched key may have.
///
/// Inside the search each is a number: the place of a choice in its list, else the number itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Domain {
    /// One of a list.
    Choice {
        /// All of them.
        values: Vec<Value>,
    },
    /// A whole number from `low` to `high`, both allowed.
    Integer {
        /// The smallest.
        low: i64,
        /// The largest; `low` and a multiple of `step`.
        high: i64,
        /// From one to the next; 1 on a logarithmic scale.
        step: i64,
        /// How numbers are compared.
        scale: Scale,
    },
    /// A number from `low` to `high`, both allowed.
    Float {
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
        /// How numbers are compared.
        scale: Scale,
        /// Values of a grid, evenly spaced on the scale with both ends among them.
        points: Option<usize>,
    },
}

impl Domain {
    /// The value's number inside the search; `None` when the key may not have it.
    pub fn place(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Choice { values } => {
                let at = values.iter().position(|known| known.is_same(value))?;
                Some(at as f64)
            }
            Self::Integer {
                low, high, step, ..
            } => {
                let Value::Integer(number) = value else {
                    return None;
                };
                let ok = (*low..=*high).contains(number) && (number - low) % step == 0;
                ok.then_some(*number as f64)
            }
            Self::Float { low, high, .. } => {
                value.number().filter(|at| (*low..=*high).contains(at))
            }
        }
    }

    /// The value at a place inside the search; one between two is the nearer.
    pub fn value(&self, place: f64) -> Value {
        match self {
            Self::Choice { values } => values[index(place).min(values.len() - 1)].clone(),
            Self::Integer {
                low, high, step, ..
            } => {
                let steps = nearest((place - *low as f64) / *step as f64);
                Value::Integer((low + steps * step).clamp(*low, *high))
            }
            Self::Float { low, high, .. } => Value::Float(place.clamp(*low, *high)),
        }
    }

    /// The value, when there is only one.
    pub fn only(&self) -> Option<Value> {
        match self {
            Self::Choice { values } => (values.len() == 1).then(|| values[0].clone()),
            Self::Integer { low, high, .. } => (low == high).then_some(Value::Integer(*low)),
            Self::Float { low, high, .. } => {
                low.total_cmp(high).is_eq().then_some(Value::Float(*low))
            }
        }
    }

    /// A value at random: each choice as likely as any other, numbers evenly on their scale.
    pub fn draw(&self, rng: &mut impl rand::Rng) -> Value {
        let share: f64 = rng.random();
        match self {
            Self::Choice { values } => self.value((share * values.len() as f64).floor()),
            Self::Integer {
                low, high, step, ..
            } => {
                let half = *step as f64 / 2.0;
                self.value(self.between(*low as f64 - half, *high as f64 + half, share))
            }
            Self::Float { low, high, .. } => self.value(self.between(*low, *high, share)),
        }
    }

    /// How its numbers are compared; choices have no order, and none of it.
    pub const fn scale(&self) -> Scale {
        match self {
            Self::Choice { .. } => Scale::Linear,
            Self::Integer { scale, .. } | Self::Float { scale, .. } => *scale,
        }
    }

    /// The number that divides an interval on the scale by `share`.
    fn between(&self, low: f64, high: f64, share: f64) -> f64 {
        let scale = self.scale();
        let (low, high) = (scale.of(low), scale.of(high));
        scale.back(low + share * (high - low))
    }

    /// All values of a grid; `None` for numbers between which there are endlessly many, where nobody
    /// said how many are meant.
    pub fn grid(&self) -> Option<Vec<Value>> {
        match self {
            Self::Choice { values } => Some(values.clone()),
            Self::Integer {
                low, high, step, ..
            } => {
                let step = usize::try_from(*step).ok()?;
                Some((*low..=*high).step_by(step).map(Value::Integer).collect())
            }
            Self::Float {
                low, high, points, ..
            } => {
                if let Some(only) = self.only() {
                    return Some(vec![only]);
                }
                let last = (*points)?.max(2) - 1;
                let at = |index: usize| match index {
                    0 => *low,
                    // No rounding moves the ends.
                    _ if index == last => *high,
                    _ => self.between(*low, *high, index as f64 / last as f64),
                };
                Some((0..=last).map(|index| self.value(at(index))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eosin_core::{Seed, Stream};

    fn integers(low: i64, high: i64, step: i64, scale: Scale) -> Domain {
        Domain::Integer {
            low,
            high,
            step,
            scale,
        }
    }

    #[test]
    fn values_and_places_are_each_others_inverse() {
        let float = Domain::Float {
            low: 0.5,
            high: 4.0,
            scale: Scale::Log,
            points: Some(4),
        };
        let words = ["a", "b", "c"].map(|word| Value::Text(word.into()));
        let choice = Domain::Choice {
            values: words.to_vec(),
        };
        for domain in [float, choice, integers(-3, 9, 4, Scale::Linear)] {
            for value in domain.grid().unwrap() {
                let place = domain.place(&value).unwrap();
                assert!(domain.value(place).is_same(&value), "{domain:?} {value}");
            }
        }
        assert_eq!(
            integers(0, 8, 4, Scale::Linear).place(&Value::Integer(3)),
            None
        );
    }

    #[test]
    fn every_value_is_drawn_and_the_ends_as_often_as_the_others() {
        let domain = integers(1, 4, 1, Scale::Linear);
        let mut rng = Seed(1).stream(Stream::Trial, &[]);
        let mut counts = [0; 5];
        for _ in 0..4000 {
            let Value::Integer(number) = domain.draw(&mut rng) else {
                panic!("a whole number was asked for");
            };
            counts[usize::try_from(number).unwrap()] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!(
            counts[1..].iter().all(|count| (900..1100).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_logarithmic_grid_has_equal_ratios() {
        let domain = Domain::Float {
            low: 1e-4,
            high: 1.0,
            scale: Scale::Log,
            points: Some(5),
        };
        let numbers: Vec<f64> = domain
            .grid()
            .unwrap()
            .iter()
            .filter_map(Value::number)
            .collect();
        assert_eq!(numbers.len(), 5);
        for pair in numbers.windows(2) {
            assert!((pair[1] / pair[0] - 10.0).abs() < 1e-9);
        }
    }
}
