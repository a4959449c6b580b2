//! How often a 95 % interval of the AUROC holds the truth where patches come from few patients.
//!
//! `cargo run --release -p eosin-metrics --example coverage -- [SETS] [SETS_RESAMPLED]`
//!
//! The score of a patch is `mu` where it is positive, plus what is common to its patient, plus what is
//! its own: both normal, of variance `rho` and `1 - rho`, so `rho` is the correlation within a patient.
//! Patients have 5 to 20 patches each.

use std::io::Write as _;

use eosin_core::{Rng, Seed, Stream};
use eosin_metrics::{
    AurocEstimate, Bootstrap, CountedRows, Groups, Interval, Metric, Placements, Probs, Ranking,
    Reference, Resamples,
};
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use rayon::prelude::*;

/// Which class a patient's patches are of.
#[derive(Clone, Copy)]
enum Design {
    /// One class a patient; this share of the patients is positive.
    OneClass(f64),
    /// Each patch of either class.
    Both,
}

#[derive(Clone, Copy)]
struct Case {
    patients: usize,
    rho: f64,
    auroc: f64,
    design: Design,
}

/// Patches drawn anew.
struct Drawn {
    positive: Vec<bool>,
    scores: Vec<f64>,
    patients: Vec<usize>,
}

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

impl Case {
    /// The AUROC of patches of different patients, `Phi(mu / sqrt 2)`, where patients have one class; else
    /// what such sets have on average, pairs within a patient included.
    fn truth(&self) -> f64 {
        if let Design::OneClass(_) = self.design {
            return self.auroc;
        }
        let of_set = |set: u64| {
            let drawn = self.draw(&mut Seed(12).stream(Stream::Phantom, &[set]));
            Ranking::new(&drawn.positive, &drawn.scores).ok()?.auroc()
        };
        let all: Vec<f64> = (0..20_000).into_par_iter().filter_map(of_set).collect();
        all.iter().sum::<f64>() / all.len() as f64
    }

    fn draw(&self, rng: &mut Rng) -> Drawn {
        let mu = mu_of(self.auroc);
        let mut drawn = Drawn {
            positive: Vec::new(),
            scores: Vec::new(),
            patients: Vec::new(),
        };
        for patient in 0..self.patients {
            let common = normal(rng) * self.rho.sqrt();
            for _ in 0..rng.random_range(5..=20) {
                let positive = match self.design {
                    Design::OneClass(share) => {
                        (patient as f64) < share * self.patients as f64 - 1e-9
                    }
                    Design::Both => rng.random::<bool>(),
                };
                let shift = if positive { mu } else { 0.0 };
                let own = normal(rng) * (1.0 - self.rho).sqrt();
                drawn.positive.push(positive);
                drawn.scores.push(shift + common + own);
                drawn.patients.push(patient);
            }
        }
        drawn
    }
}

/// `Phi(mu / sqrt 2) = auroc`, by halving.
fn mu_of(auroc: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        let reached = 1.0 - Reference::Normal.two_sided_p(middle / 2.0_f64.sqrt()) / 2.0;
        if reached < auroc {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

const FORMULAS: [&str; 4] = [
    "patches independent",
    "cluster DeLong",
    "its logit",
    "its logit, t: the default",
];
const RESAMPLED: [&str; 3] = ["percentile", "BCa", "BCa, widened"];

fn by_formula(drawn: &Drawn) -> [Option<Interval>; 4] {
    let (positive, scores) = (&drawn.positive, &drawn.scores);
    let groups = Groups::named(&drawn.patients);
    let placements = Placements::new(positive, scores).ok().flatten();
    let estimate = placements.and_then(|all| AurocEstimate::of(positive, &all, &groups));
    let normal = estimate.map(|estimate| AurocEstimate {
        reference: Reference::Normal,
        ..estimate
    });
    let ranking = Ranking::new(positive, scores).ok();
    [
        ranking.and_then(|ranking| ranking.auroc_interval()),
        normal.map(|estimate| estimate.interval()),
        normal.and_then(|estimate| estimate.logit_interval()),
        estimate.and_then(|estimate| estimate.logit_interval()),
    ]
}

fn resampled(drawn: &Drawn, seed: Seed) -> [Option<Interval>; 3] {
    let targets: Vec<usize> = drawn.positive.iter().map(|is| usize::from(*is)).collect();
    let squeeze = |score: &f64| 1.0 / (1.0 + (-score).exp());
    let probs = drawn.scores.iter().map(squeeze);
    let probs: Vec<f64> = probs.flat_map(|prob| [1.0 - prob, prob]).collect();
    let Ok(probs) = Probs::new(&targets, &probs, 2) else {
        return [None; 3];
    };
    let rows = CountedRows::new(&targets, &probs, 1, &Groups::named(&drawn.patients));
    let bootstrap = Bootstrap {
        seed,
        resamples: 1000,
    };
    let found = Resamples::new(rows.groups(), bootstrap, |times| rows.values(times));
    let metric = Metric::Auroc;
    [
        found.percentile(metric),
        found.bca(metric, 1_000_000),
        found.bca(metric, rows.groups_of(metric)),
    ]
}

/// Of each way the share of sets whose interval holds the truth, among those that have one: perfect
/// separation has none.
fn coverage<const N: usize>(
    case: &Case,
    sets: u64,
    of: impl Fn(&Drawn, u64) -> [Option<Interval>; N] + Sync,
) -> [f64; N] {
    let truth = case.truth();
    let holds = |set: u64| {
        let mut rng = Seed(11).stream(Stream::Phantom, &[set]);
        let found = of(&case.draw(&mut rng), set);
        found.map(|interval| interval.map(|ci| ci.ci_low <= truth && truth <= ci.ci_high))
    };
    let all: Vec<[Option<bool>; N]> = (0..sets).into_par_iter().map(holds).collect();
    std::array::from_fn(|way| {
        let defined: Vec<bool> = all.iter().filter_map(|held| held[way]).collect();
        defined.iter().filter(|held| **held).count() as f64 / defined.len() as f64
    })
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let sets = args.next().and_then(Result::ok).unwrap_or(4000);
    let sets_resampled = args.next().and_then(Result::ok).unwrap_or(1000);
    let mut out = std::io::stdout().lock();
    let names = FORMULAS.iter().chain(&RESAMPLED);
    let names: Vec<String> = names.map(|name| (*name).to_owned()).collect();
    writeln!(
        out,
        "| patients, classes of one, AUROC, correlation | {} |",
        names.join(" | ")
    )?;
    writeln!(out, "|---|{}", "---|".repeat(names.len()))?;
    let designs = [
        ("one, half positive", Design::OneClass(0.5)),
        ("one, 3 of 10 positive", Design::OneClass(0.3)),
        ("both", Design::Both),
    ];
    for (name, design) in designs {
        for auroc in [0.8, 0.95] {
            for patients in [10, 20, 30] {
                for rho in [0.1, 0.3, 0.5] {
                    let case = Case {
                        patients,
                        rho,
                        auroc,
                        design,
                    };
                    let formulas = coverage(&case, sets, |drawn, _| by_formula(drawn));
                    let drawn = coverage(&case, sets_resampled, |drawn, set| {
                        resampled(drawn, Seed(set))
                    });
                    let shares = formulas.iter().chain(&drawn);
                    let shares: Vec<String> = shares
                        .map(|share| format!("{:.1}", 100.0 * share))
                        .collect();
                    writeln!(
                        out,
                        "| {patients}, {name}, {auroc}, {rho} | {} |",
                        shares.join(" | ")
                    )?;
                }
            }
        }
    }
    Ok(())
}
