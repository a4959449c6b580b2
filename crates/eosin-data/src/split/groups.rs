//! Groups of patches that may not be torn apart.

use std::collections::BTreeMap;

use eosin_core::Rng;
use rand::seq::SliceRandom as _;

/// Groups of patches: who belongs to each, and how many of each class.
pub(super) struct Groups {
    /// Positions of each group's patches.
    pub members: Vec<Vec<usize>>,
    /// Patches of each class in each group.
    pub counts: Vec<Vec<usize>>,
    /// Patches of each class in all.
    pub totals: Vec<usize>,
}

impl Groups {
    /// Collects patches by the name of their group, in the order of the names.
    pub(super) fn new(names: &[&str], classes: &[usize], n_classes: usize) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            by_name.entry(name).or_default().push(at);
        }
        let members: Vec<Vec<usize>> = by_name.into_values().collect();
        let counts: Vec<Vec<usize>> = members
            .iter()
            .map(|group| {
                let mut counts = vec![0; n_classes];
                for &at in group {
                    counts[classes[at]] += 1;
                }
                counts
            })
            .collect();
        let totals = (0..n_classes)
            .map(|class| counts.iter().map(|group| group[class]).sum())
            .collect();
        Self {
            members,
            counts,
            totals,
        }
    }

    /// Group numbers in random order, then by falling spread of their class counts; ties keep the
    /// random order.
    pub(super) fn most_uneven_first(&self, rng: &mut Rng) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.shuffle(rng);
        let spread: Vec<f64> = self
            .counts
            .iter()
            .map(|counts| std_of(counts.iter().map(|&n| n as f64)))
            .collect();
        order.sort_by(|&a, &b| spread[b].total_cmp(&spread[a]));
        order
    }
}

/// Standard deviation.
pub(super) fn std_of(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (n, sum) = values
        .clone()
        .fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
    let mean = sum / n;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}
