//! Groups drawn with repetition.

use eosin_core::{Seed, Stream};
use rand::RngExt as _;
use rayon::prelude::*;

/// Groups at most that are left out one at a time; of more, this many parts are.
const PARTS: usize = 200;

/// The cluster bootstrap: as many groups as there are, drawn with repetition, all rows of a group
/// together (Efron and Tibshirani 1993; Field and Welsh 2007).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// What draws follow from, each resample by itself.
    pub seed: Seed,
    /// How many resamples.
    pub resamples: u64,
}

impl Bootstrap {
    /// Two thousand resamples.
    pub const fn new(seed: Seed) -> Self {
        Self {
            seed,
            resamples: 2000,
        }
    }

    /// What `of` gives of each resample, which is how often each of `groups` groups was drawn. In
    /// order, whatever the number of threads.
    pub fn map<T: Send>(&self, groups: usize, of: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        if groups == 0 {
            return Vec::new();
        }
        let resample = |index: u64| {
            let mut draws = self.seed.stream(Stream::Bootstrap, &[index]);
            let mut times = vec![0; groups];
            for _ in 0..groups {
                times[draws.random_range(0..groups)] += 1;
            }
            of(&times)
        };
        (0..self.resamples).into_par_iter().map(resample).collect()
    }

    /// What `of` gives without each group in turn (the jackknife); where there are many, without each
    /// of two hundred parts of them, which tells as much of how the values lean.
    pub(crate) fn left_out<T: Send>(groups: usize, of: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        let parts = groups.min(PARTS);
        let without = |part: usize| {
            let mut times = vec![1; groups];
            for group in (part..groups).step_by(parts) {
                times[group] = 0;
            }
            of(&times)
        };
        (0..parts).into_par_iter().map(without).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resample_has_as_many_groups_and_depends_on_its_number_only() {
        let few = Bootstrap {
            seed: Seed(3),
            resamples: 5,
        };
        let many = Bootstrap {
            seed: Seed(3),
            resamples: 50,
        };
        let [few, many] = [few, many].map(|of| of.map(7, <[u32]>::to_vec));
        assert_eq!(few, many[..5]);
        assert!(many.iter().all(|times| times.iter().sum::<u32>() == 7));
        assert!(Bootstrap::new(Seed(3)).map(0, <[u32]>::to_vec).is_empty());
    }

    #[test]
    fn every_group_is_left_out_once() {
        for groups in [3, 450] {
            let all = Bootstrap::left_out(groups, <[u32]>::to_vec);
            assert_eq!(all.len(), groups.min(PARTS));
            let out = |group: usize| all.iter().filter(|times| times[group] == 0).count();
            assert!((0..groups).all(|group| out(group) == 1));
        }
    }
}
