//! Which known names were probably meant.

use eosin_core::choice::nearest;

const MOST: usize = 3;

/// At most three of `known` that are near to `name`, after those of the weights of the architecture
/// `name`.
pub(crate) fn near_names<'a>(
    name: &str,
    of_architecture: impl Iterator<Item = &'a str>,
    known: &(impl Iterator<Item = &'a str> + Clone),
) -> Vec<String> {
    let mut near: Vec<String> = of_architecture.map(str::to_owned).take(MOST).collect();
    while near.len() < MOST {
        let others = known.clone();
        let others = others.filter(|other| !near.iter().any(|have| have == other));
        match nearest(name, others) {
            Some(found) => near.push(found.to_owned()),
            None => break,
        }
    }
    near
}
