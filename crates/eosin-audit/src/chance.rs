//! How strong a match chance makes.

/// Pairs that are needed to see how strong chance matches are; of fewer, [`Chance::USUAL`] holds.
const ENOUGH: usize = 100;
/// Share of them beyond which their strengths are taken to fall off evenly.
const TAIL: f64 = 0.1;

/// How strong matches of patches are that have nothing to do with each other: beyond `from`, which a
/// share of 0.1 surpass, their number falls by a factor e for every `step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Where the tail begins.
    pub from: f64,
    /// How wide it is.
    pub step: f64,
}

impl Chance {
    /// As among random pairs of `PatchCamelyon` (3,000) and of the UCSB set (6,600): a tenth beyond
    /// 2.5, and a thousandth beyond 7.3 and 4.9.
    pub const USUAL: Self = Self {
        from: 2.5,
        step: 1.1,
    };

    /// From the strengths of pairs taken at random.
    pub(crate) fn of(mut strengths: Vec<f64>) -> Self {
        if strengths.len() < ENOUGH {
            return Self::USUAL;
        }
        strengths.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place among them"
        )]
        let first = (strengths.len() as f64 * (1.0 - TAIL)) as usize;
        let from = strengths[first];
        // A set of copies has some among pairs taken at random: they are no chance.
        let beyond: Vec<f64> = strengths[first..].iter().map(|s| s - from).collect();
        let median = beyond[beyond.len() / 2];
        Self {
            from,
            // The median of an exponential tail is ln 2 steps; never narrower than usual.
            step: (median / std::f64::consts::LN_2).max(Self::USUAL.step),
        }
    }

    /// How many of `pairs` pairs chance makes at least so strong.
    pub(crate) fn expected(&self, pairs: usize, strength: f64) -> f64 {
        let beyond = (strength - self.from).max(0.0) / self.step;
        pairs as f64 * TAIL * (-beyond).exp()
    }
}
