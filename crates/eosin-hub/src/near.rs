//! Which known names were probably meant.

use eosin_core::choice::nearest;

use crate::registry::Registry;

const MOST: usize = 3;

/// At most three known names near to `name`. The name of an architecture gives its weights.
pub(crate) fn near_names(registry: &Registry, name: &str) -> Vec<String> {
    let mut near: Vec<String> = registry
        .of_architecture(name)
        .map(|entry| entry.name.to_string())
        .take(MOST)
        .collect();
    while near.len() < MOST {
        let others = registry.entries().iter().map(|entry| entry.name.as_str());
        let others = others.filter(|other| !near.iter().any(|have| have == other));
        match nearest(name, others) {
            Some(found) => near.push(found.to_owned()),
            None => break,
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_right_one_first() {
        let registry = Registry::built_in().unwrap();
        assert_eq!(
            near_names(&registry, "resnet18.a1_in1")[0],
            "resnet18.a1_in1k"
        );
    }

    #[test]
    fn an_architectures_name_finds_its_default_weights_first() {
        let registry = Registry::built_in().unwrap();
        assert_eq!(near_names(&registry, "resnet101")[0], "resnet101.a1h_in1k");
    }

    #[test]
    fn a_name_like_no_other_finds_nothing() {
        assert!(near_names(&Registry::built_in().unwrap(), "QQQ").is_empty());
    }
}
