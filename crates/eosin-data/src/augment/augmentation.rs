//! What an `[augment]` table asks for, done to a patch.

use eosin_core::Rng;
use eosin_core::config::AugmentConfig;
use rand::RngExt as _;
use rand::SeedableRng as _;

use super::blur::gaussian_blur;
use super::colour::{adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation};
use super::cutout::cutout;
use super::geometry::Affine;
use super::jpeg::jpeg;
use super::noise::gaussian_noise;
use super::rand_augment::RandOperation;
use super::stain_jitter::{StainShift, jitter_stains_in};
use crate::decode::RgbPatch;
use crate::stain::{HED, StainNormaliser};

/// Random changes to patches. In this order: crop, rotation and shift (one resampling), brightness,
/// contrast, saturation, hue, stains, blur, noise, JPEG, `RandAugment`, cutout.
#[derive(Clone, Debug)]
pub struct Augmentation {
    config: AugmentConfig,
    /// The stains that are jittered.
    stains: [[f32; 3]; 3],
}

impl Augmentation {
    /// What `config` asks for; `None` when patches are only to be seen under symmetries, which are
    /// no part of this.
    pub fn new(config: &AugmentConfig) -> Option<Self> {
        config.changes_pixels().then(|| Self {
            config: config.clone(),
            stains: HED,
        })
    }

    /// The same for patches that were given the stain of `normaliser`'s target: its stains are
    /// jittered, in place of Ruifrok's fixed ones, where it has some.
    #[must_use]
    pub fn of_stain(mut self, normaliser: Option<&StainNormaliser>) -> Self {
        self.stains = normaliser.and_then(StainNormaliser::basis).unwrap_or(HED);
        self
    }

    /// A random change of `patch`, of the same size.
    ///
    /// Each step has a generator of its own, whose seed is the next number of `rng` whether the
    /// step is asked for or not: turning one on or up leaves what the others draw alone.
    pub fn apply(&self, patch: &RgbPatch, rng: &mut Rng) -> RgbPatch {
        let mut steps = || Rng::seed_from_u64(rng.random());
        let [geometry, colour, stain, blur, noise, coding, several, blank] =
            std::array::from_fn(|_| steps());
        let patch = self.geometry(patch, geometry).apply(patch);
        let patch = self.colour(patch, colour);
        let patch = self.stains(patch, stain);
        let patch = self.blur(patch, blur);
        let patch = self.noise(patch, noise);
        let patch = self.jpeg(patch, coding);
        let patch = self.operations(patch, several);
        self.cutout(patch, blank)
    }

    fn geometry(&self, patch: &RgbPatch, mut rng: Rng) -> Affine {
        let config = &self.config;
        let [area, ratio, right, down] = std::array::from_fn(|_| rng.random::<f64>());
        // As torchvision's RandomResizedCrop: area uniform, ratio log-uniform, place uniform.
        let area = config.crop_scale + (1.0 - config.crop_scale) * area;
        let ratio = config.crop_ratio.powf(2.0 * ratio - 1.0);
        let ratio = if config.crop_scale < 1.0 { ratio } else { 1.0 };
        let sides = [
            (area * ratio).sqrt().min(1.0),
            (area / ratio).sqrt().min(1.0),
        ];
        let place = |side: f64, len: usize, at: f64| (1.0 - side) * len as f64 * (at - 0.5);
        let centre = [
            place(sides[0], patch.width_px, right),
            place(sides[1], patch.height_px, down),
        ];
        let crop = Affine::crop(sides.map(narrow), centre.map(narrow));
        let mut either_way = |most: f64| narrow(most * (2.0 * rng.random::<f64>() - 1.0));
        let rotation = Affine::rotation(either_way(config.rotate_degrees));
        let shift = Affine::shift(
            either_way(config.shift * patch.width_px as f64),
            either_way(config.shift * patch.height_px as f64),
        );
        crop.then(rotation).then(shift)
    }

    fn colour(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        let config = &self.config;
        let mut around_one = |strength: f64| {
            let (low, high) = ((1.0 - strength).max(0.0), 1.0 + strength);
            let drawn = rng.random::<f64>();
            (strength > 0.0).then(|| narrow(low + (high - low) * drawn))
        };
        let factors = [config.brightness, config.contrast, config.saturation].map(&mut around_one);
        let hue = narrow(config.hue * (2.0 * rng.random::<f64>() - 1.0));
        let change = [adjust_brightness, adjust_contrast, adjust_saturation];
        let changed = change
            .into_iter()
            .zip(factors)
            .fold(patch, |patch, (change, factor)| match factor {
                Some(factor) => change(&patch, factor),
                None => patch,
            });
        adjust_hue(&changed, hue)
    }

    fn stains(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        if self.config.hed == 0.0 {
            return patch;
        }
        let mut either_way = || narrow(self.config.hed * (2.0 * rng.random::<f64>() - 1.0));
        let shift = StainShift {
            scale: std::array::from_fn(|_| 1.0 + either_way()),
            offset: std::array::from_fn(|_| either_way()),
        };
        jitter_stains_in(self.stains, &patch, &shift)
    }

    fn blur(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        if self.config.blur_px == 0.0 {
            return patch;
        }
        gaussian_blur(&patch, narrow(self.config.blur_px * rng.random::<f64>()))
    }

    fn noise(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        if self.config.noise == 0.0 {
            return patch;
        }
        let sigma = narrow(self.config.noise * rng.random::<f64>());
        gaussian_noise(&patch, sigma, &mut rng)
    }

    fn jpeg(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        if self.config.jpeg_quality == 100 {
            return patch;
        }
        jpeg(&patch, rng.random_range(self.config.jpeg_quality..=100))
    }

    fn operations(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        if self.config.rand_augment == 0 {
            return patch;
        }
        let magnitude = narrow(self.config.rand_magnitude);
        RandOperation::several(&patch, self.config.rand_augment, magnitude, &mut rng)
    }

    fn cutout(&self, patch: RgbPatch, mut rng: Rng) -> RgbPatch {
        if self.config.cutout == 0.0 {
            return patch;
        }
        let centre = [rng.random(), rng.random()];
        cutout(&patch, narrow(self.config.cutout), centre)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "strengths need no more")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use eosin_core::{Seed, Stream};

    use super::*;

    fn patch() -> RgbPatch {
        let byte = |at: usize| u8::try_from((at * 31 + at / 7 * 5) % 256).unwrap();
        RgbPatch {
            width_px: 16,
            height_px: 16,
            pixels: (0..16 * 16 * 3).map(byte).collect(),
        }
    }

    fn changed(config: &AugmentConfig) -> RgbPatch {
        let mut rng = Seed(2).stream(Stream::View, &[5]);
        let augmentation = Augmentation::new(config).unwrap();
        augmentation.apply(&patch(), &mut rng)
    }

    fn all() -> AugmentConfig {
        AugmentConfig {
            crop_scale: 0.5,
            rotate_degrees: 45.0,
            shift: 0.1,
            brightness: 0.2,
            contrast: 0.2,
            saturation: 0.2,
            hue: 0.1,
            hed: 0.05,
            blur_px: 1.0,
            noise: 0.05,
            jpeg_quality: 50,
            rand_augment: 2,
            cutout: 0.3,
            ..AugmentConfig::default()
        }
    }

    #[test]
    fn the_same_generator_gives_the_same_bytes_and_another_others() {
        assert_eq!(changed(&all()), changed(&all()));
        let mut rng = Seed(2).stream(Stream::View, &[6]);
        let other = Augmentation::new(&all()).unwrap().apply(&patch(), &mut rng);
        assert_ne!(changed(&all()), other);
    }

    #[test]
    fn the_stains_of_a_target_are_jittered_and_without_one_ruifroks() {
        let config = AugmentConfig {
            hed: 0.2,
            ..AugmentConfig::default()
        };
        let of = |normaliser: Option<&StainNormaliser>| {
            let mut rng = Seed(2).stream(Stream::View, &[5]);
            let augmentation = Augmentation::new(&config).unwrap();
            augmentation.of_stain(normaliser).apply(&patch(), &mut rng)
        };
        let text = "macenko 1 0.5626 0.7201 0.4062 0.2159 0.8012 0.5581 1.9705 1.0308";
        let normaliser: StainNormaliser = text.parse().unwrap();
        assert_ne!(of(Some(&normaliser)), changed(&config));
        assert_eq!(of(None), changed(&config));
    }

    #[test]
    fn each_operation_by_itself_changes_the_patch() {
        let none = AugmentConfig::default();
        assert!(Augmentation::new(&none).is_none());
        let ones = [
            AugmentConfig {
                crop_scale: 0.5,
                ..none.clone()
            },
            AugmentConfig {
                rotate_degrees: 45.0,
                ..none.clone()
            },
            AugmentConfig {
                shift: 0.2,
                ..none.clone()
            },
            AugmentConfig {
                brightness: 0.5,
                ..none.clone()
            },
            AugmentConfig {
                contrast: 0.5,
                ..none.clone()
            },
            AugmentConfig {
                saturation: 0.5,
                ..none.clone()
            },
            AugmentConfig {
                hue: 0.3,
                ..none.clone()
            },
            AugmentConfig {
                hed: 0.2,
                ..none.clone()
            },
            AugmentConfig {
                blur_px: 2.0,
                ..none.clone()
            },
            AugmentConfig {
                noise: 0.1,
                ..none.clone()
            },
            AugmentConfig {
                jpeg_quality: 10,
                ..none.clone()
            },
            AugmentConfig {
                rand_augment: 3,
                ..none.clone()
            },
            AugmentConfig {
                cutout: 0.5,
                ..none
            },
        ];
        for one in ones {
            assert_ne!(changed(&one), patch(), "{one:?}");
        }
    }

    #[test]
    fn turning_one_step_on_leaves_the_draws_of_the_others_alone() {
        let cut = AugmentConfig {
            cutout: 0.5,
            ..AugmentConfig::default()
        };
        let both = AugmentConfig {
            brightness: 0.5,
            ..cut.clone()
        };
        // The blanked square, which is even, is at the same place.
        let even = |patch: &RgbPatch| {
            let (pixels, _) = patch.pixels.as_chunks::<3>();
            let same = |at: usize| pixels[at] == pixels[at + 1];
            (0..pixels.len() - 1)
                .filter(|at| same(*at))
                .collect::<Vec<_>>()
        };
        let (one, two) = (even(&changed(&cut)), even(&changed(&both)));
        assert!(
            one.len() > 8 && one.iter().all(|at| two.contains(at)),
            "{one:?} {two:?}"
        );
    }

    #[test]
    fn the_smallest_patches_survive_everything() {
        for (width_px, height_px) in [(1, 1), (1, 5), (4, 1), (2, 2)] {
            let mut rng = Seed(2).stream(Stream::View, &[5]);
            let small = RgbPatch::filled(width_px, height_px, [200, 100, 150]);
            let out = Augmentation::new(&all()).unwrap().apply(&small, &mut rng);
            assert_eq!((out.width_px, out.height_px), (width_px, height_px));
        }
    }
}
