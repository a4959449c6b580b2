//! Training on mixtures of patches.

use eosin_core::Rng;
use eosin_core::config::AugmentConfig;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use rand_distr::{Beta, Distribution as _};

use crate::optimise::loss::Loss;
use crate::optimise::narrow;

/// How the patches of a batch are mixed, each with a partner from the same batch.
///
/// - `mixup` (Zhang et al. 2018, arXiv:1710.09412): `x = l x + (1 - l) x'`, `l ~ Beta(a, a)`, and the
///   loss likewise. Where the trained part sees embeddings or maps, these are mixed (manifold
///   mixup, Verma et al. 2019, arXiv:1806.05236);
/// - `cutmix` (Yun et al. 2019, arXiv:1905.04899): a box of a share `1 - l` of the area comes from
///   the partner. With both asked for, each batch has one or the other, as timm does.
pub(crate) struct Mixing {
    targets: Vec<usize>,
    partners: Vec<usize>,
    partner_targets: Vec<usize>,
    /// Weight of the patch itself.
    share: f32,
    kind: Kind,
}

enum Kind {
    None,
    Blend,
    /// The box's centre and its side, as shares of the image's sides.
    Box {
        centre: [f64; 2],
        side: f64,
    },
}

impl Mixing {
    /// Draws how a batch with these targets is mixed.
    pub fn draw(augment: &AugmentConfig, targets: Vec<usize>, rng: &mut Rng) -> Self {
        let count = targets.len();
        let mut this = Self {
            partner_targets: targets.clone(),
            partners: (0..count).collect(),
            targets,
            share: 1.0,
            kind: Kind::None,
        };
        if augment.mixup == 0.0 && augment.cutmix == 0.0 {
            return this;
        }
        let cut = augment.mixup == 0.0 || (augment.cutmix > 0.0 && rng.random::<bool>());
        let alpha = if cut { augment.cutmix } else { augment.mixup };
        let beta = Beta::new(alpha, alpha).expect("alpha is checked to be above 0");
        let share = beta.sample(rng);
        this.partners.shuffle(rng);
        let target = |partner: &usize| this.targets[*partner];
        this.partner_targets = this.partners.iter().map(target).collect();
        this.share = narrow(share);
        this.kind = if cut {
            let (centre, side) = ([rng.random(), rng.random()], (1.0 - share).sqrt());
            Kind::Box { centre, side }
        } else {
            Kind::Blend
        };
        this
    }

    /// Mixes `inputs` (`[rows, width]`); `[height, width, channels]` of a row where rows are maps.
    pub fn apply(&mut self, inputs: &mut [f32], sides: Option<[usize; 3]>) {
        let width = inputs.len() / self.targets.len().max(1);
        match &self.kind {
            Kind::None => {}
            Kind::Blend => {
                let plain = inputs.to_vec();
                for (row, partner) in inputs.chunks_exact_mut(width).zip(&self.partners) {
                    let other = &plain[partner * width..][..width];
                    for (value, other) in row.iter_mut().zip(other) {
                        *value = self.share * *value + (1.0 - self.share) * other;
                    }
                }
            }
            Kind::Box { centre, side } => {
                let [height, wide, channels] = sides.expect("checked: cutmix needs maps");
                let (top, bottom) = span(centre[0], *side, height);
                let (left, right) = span(centre[1], *side, wide);
                let plain = inputs.to_vec();
                for (row, partner) in inputs.chunks_exact_mut(width).zip(&self.partners) {
                    let other = &plain[partner * width..][..width];
                    for line in top..bottom {
                        let from = (line * wide + left) * channels;
                        let to = (line * wide + right) * channels;
                        row[from..to].copy_from_slice(&other[from..to]);
                    }
                }
                // What the image's edge cuts off the box stays the patch's own.
                let taken = ((bottom - top) * (right - left)) as f64 / (height * wide) as f64;
                self.share = narrow(1.0 - taken);
            }
        }
    }

    /// The loss of the mixture and its derivatives.
    pub fn loss(&self, loss: &Loss, logits: &[f32], out: &mut [f32]) -> f64 {
        let own = loss.backward(logits, &self.targets, out);
        if matches!(self.kind, Kind::None) {
            return own;
        }
        let mut others = vec![0.0; out.len()];
        let other = loss.backward(logits, &self.partner_targets, &mut others);
        for (value, other) in out.iter_mut().zip(others) {
            *value = self.share * *value + (1.0 - self.share) * other;
        }
        let share = f64::from(self.share);
        share * own + (1.0 - share) * other
    }
}

/// First and last (excluded) position of a box along an axis of `len`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of a side are inside it after the clamp"
)]
fn span(centre: f64, side: f64, len: usize) -> (usize, usize) {
    let at = |share: f64| (share.clamp(0.0, 1.0) * len as f64).round() as usize;
    (at(centre - side / 2.0), at(centre + side / 2.0))
}

#[cfg(test)]
mod tests {
    use eosin_core::config::TrainConfig;
    use eosin_core::{Seed, Stream};

    use super::*;

    fn rng(at: u64) -> Rng {
        Seed(3).stream(Stream::Mix, &[at])
    }

    #[test]
    fn nothing_is_mixed_unless_asked_for() {
        let mut mix = Mixing::draw(&AugmentConfig::default(), vec![0, 1], &mut rng(0));
        let mut inputs = [1.0, 2.0];
        mix.apply(&mut inputs, None);
        assert_eq!(inputs.map(f32::to_bits), [1.0_f32, 2.0].map(f32::to_bits));
    }

    #[test]
    fn a_blend_keeps_the_sum_of_the_batch_and_mixes_losses_alike() {
        let augment = AugmentConfig {
            mixup: 1.0,
            ..AugmentConfig::default()
        };
        let mut mix = Mixing::draw(&augment, vec![0, 1, 1], &mut rng(1));
        let mut inputs = [1.0, 10.0, 100.0];
        mix.apply(&mut inputs, None);
        assert!((inputs.iter().sum::<f32>() - 111.0).abs() < 1e-3);
        assert!((inputs[0] - 1.0).abs() > 1e-3, "{inputs:?}");
        let loss = Loss::new(&TrainConfig::default(), vec![1.0; 2]);
        let logits = [0.3, -0.2, 0.1, 0.4, -1.0, 2.0];
        let (mut out, mut one, mut two) = ([0.0; 6], [0.0; 6], [0.0; 6]);
        let value = mix.loss(&loss, &logits, &mut out);
        let own = loss.backward(&logits, &mix.targets, &mut one);
        let other = loss.backward(&logits, &mix.partner_targets, &mut two);
        let share = f64::from(mix.share);
        assert!((value - (share * own + (1.0 - share) * other)).abs() < 1e-9);
        assert!(
            (f64::from(out[0]) - f64::from(one[0]) * share - f64::from(two[0]) * (1.0 - share))
                .abs()
                < 1e-6
        );
    }

    #[test]
    fn a_box_comes_from_the_partner_and_its_area_is_the_weight() {
        let augment = AugmentConfig {
            cutmix: 1.0,
            ..AugmentConfig::default()
        };
        for at in 0..20 {
            let mut mix = Mixing::draw(&augment, vec![0, 1], &mut rng(at));
            let mut inputs: Vec<f32> = [vec![0.0; 100], vec![1.0; 100]].concat();
            mix.apply(&mut inputs, Some([10, 10, 1]));
            let own = 1.0 - inputs[..100].iter().sum::<f32>() / 100.0;
            let expected = if mix.partners[0] == 0 { 1.0 } else { mix.share };
            assert!((own - expected).abs() < 1e-6);
        }
    }
}
