//! Pools that are made up.

use eosin_core::{Rng, Seed, Stream};
use eosin_ensemble::{Cost, Labels, Pool};
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};

/// How the members of a pool are made: `logit = shift y + shared u + own noise`, `y` -1 or 1.
#[derive(Clone, Debug)]
pub struct Made {
    pub patches: usize,
    pub folds: usize,
    /// Patches of a group.
    pub together: usize,
    /// Standard deviation of what all patches of a group have in common, in each member.
    pub of_group: f64,
    /// Of the noise that all members share.
    pub shared: f64,
    /// Of each member, by how much classes differ.
    pub shifts: Vec<f64>,
    pub positives: f64,
}

impl Made {
    pub fn of(shifts: &[f64]) -> Self {
        Self {
            patches: 300,
            folds: 5,
            together: 1,
            of_group: 0.0,
            shared: 0.0,
            shifts: shifts.to_vec(),
            positives: 0.5,
        }
    }

    pub fn pool(&self, seed: u64) -> Pool {
        let mut draws = Seed(seed).stream(Stream::Phantom, &[]);
        let groups: Vec<usize> = (0..self.patches).map(|at| at / self.together).collect();
        let targets: Vec<usize> = (0..self.patches)
            .map(|_| usize::from(draws.random::<f64>() < self.positives))
            .collect();
        let shared: Vec<f64> = normals(&mut draws, self.patches);
        let of_member = |shift: &f64| {
            let of_groups = normals(&mut draws, self.patches);
            let own = normals(&mut draws, self.patches);
            let logit = |at: usize| {
                let sign = if targets[at] == 1 { 1.0 } else { -1.0 };
                shift * sign
                    + self.shared * shared[at]
                    + self.of_group * of_groups[groups[at]]
                    + own[at]
            };
            #[expect(clippy::cast_possible_truncation, reason = "logits are single")]
            (0..self.patches)
                .flat_map(|at| [0.0, logit(at) as f32])
                .collect()
        };
        let members = self.shifts.iter().map(of_member).collect();
        let labels = Labels {
            classes: 2,
            positive: 1,
            folds: groups.iter().map(|group| group % self.folds).collect(),
            targets,
            groups,
        };
        Pool::new(members, labels).expect("members fit")
    }
}

fn normals(draws: &mut Rng, count: usize) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(draws)).collect()
}

pub fn equal_costs(members: usize) -> Vec<Cost> {
    let cost = Cost {
        bytes: 1_000_000,
        ms: 1.0,
    };
    vec![cost; members]
}

#[expect(clippy::print_stderr, reason = "what was measured is read by a person")]
pub fn tell(text: &str) {
    eprintln!("{text}");
}
