//! How training patches are changed at random.

use serde::{Deserialize, Serialize};

use super::check::{LEAST, require};
use super::choices::Symmetries;
use super::error::ConfigError;
use super::{TrainConfig, TrainMode};

/// How training patches are changed at random, in the order of the fields. Validation and test
/// patches never are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentConfig {
    /// The symmetries that patches are seen under.
    pub symmetry: Symmetries,
    /// Sides in pixels, beside `data.size_px`, that every patch is brought to as well: each is seen and
    /// judged under all symmetries at each size. With modes probe and head.
    pub sizes_px: Vec<usize>,
    /// Smallest share of the area of a random resized crop; 1: no crop.
    pub crop_scale: f64,
    /// Largest ratio of that crop's sides (and its inverse the smallest).
    pub crop_ratio: f64,
    /// Largest angle of a rotation either way, in degrees.
    pub rotate_degrees: f64,
    /// Largest shift along each axis either way, as a share of the side.
    pub shift: f64,
    /// Brightness is multiplied by up to 1 plus or minus this.
    pub brightness: f64,
    /// Contrast likewise.
    pub contrast: f64,
    /// Saturation likewise.
    pub saturation: f64,
    /// Largest shift of the hue either way, in turns.
    pub hue: f64,
    /// Strength of the jitter of haematoxylin, eosin and DAB.
    pub hed: f64,
    /// Largest standard deviation of a Gaussian blur, in pixels.
    pub blur_px: f64,
    /// Largest standard deviation of Gaussian noise, of values in 0..1.
    pub noise: f64,
    /// Lowest quality of a JPEG round trip; 100: none.
    pub jpeg_quality: u8,
    /// Operations of `RandAugment` on each patch.
    pub rand_augment: usize,
    /// Their magnitude, from 0 to 10.
    pub rand_magnitude: f64,
    /// Side of a square that is blanked, as a share of the side.
    pub cutout: f64,
    /// Alpha of the beta distribution that pairs of patches are mixed by; 0: none.
    pub mixup: f64,
    /// Alpha of the beta distribution that gives the area of a box taken from another patch.
    pub cutmix: f64,
    /// Random views of each patch that are computed once and cached, for modes with a frozen part;
    /// 0: each view is new, and costs a pass through the frozen part.
    pub views: usize,
}

/// Beyond these nothing of a patch is left, or nothing new is seen of it.
const MOST_OPERATIONS: usize = 100;
const MOST_VIEWS: usize = 10_000;
/// Each costs a pass a symmetry.
const MOST_SIZES: usize = 8;

impl Default for AugmentConfig {
    fn default() -> Self {
        Self {
            symmetry: Symmetries::D4,
            sizes_px: Vec::new(),
            crop_scale: 1.0,
            crop_ratio: 4.0 / 3.0,
            rotate_degrees: 0.0,
            shift: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            saturation: 0.0,
            hue: 0.0,
            hed: 0.0,
            blur_px: 0.0,
            noise: 0.0,
            jpeg_quality: 100,
            rand_augment: 0,
            rand_magnitude: 9.0,
            cutout: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
            views: 0,
        }
    }
}

impl AugmentConfig {
    /// Whether patches are changed beyond the symmetries of the square.
    pub fn changes_pixels(&self) -> bool {
        let strengths = [
            self.rotate_degrees,
            self.shift,
            self.brightness,
            self.contrast,
            self.saturation,
            self.hue,
            self.hed,
            self.blur_px,
            self.noise,
            self.cutout,
        ];
        strengths.iter().any(|strength| *strength > 0.0)
            || self.crop_scale < 1.0
            || self.jpeg_quality < 100
            || self.rand_augment > 0
    }

    /// Checks the range of every value, and that the mode can do what is asked.
    pub(super) fn check(&self, train: &TrainConfig) -> Result<(), ConfigError> {
        let strengths = [
            ("augment.rotate_degrees", self.rotate_degrees, 180.0),
            ("augment.shift", self.shift, 0.5),
            ("augment.brightness", self.brightness, 1.0),
            ("augment.contrast", self.contrast, 1.0),
            ("augment.saturation", self.saturation, 1.0),
            ("augment.hue", self.hue, 0.5),
            ("augment.hed", self.hed, 1.0),
            ("augment.blur_px", self.blur_px, 20.0),
            ("augment.noise", self.noise, 1.0),
            ("augment.cutout", self.cutout, 1.0),
            ("augment.rand_magnitude", self.rand_magnitude, 10.0),
            ("augment.mixup", self.mixup, 100.0),
            ("augment.cutmix", self.cutmix, 100.0),
        ];
        for (key, value, most) in strengths {
            require(
                (0.0..=most).contains(&value),
                key,
                value,
                &format!("from 0 to {most}"),
            )?;
        }
        let (scale, ratio, quality) = (self.crop_scale, self.crop_ratio, self.jpeg_quality);
        let scale_ok = (LEAST..=1.0).contains(&scale);
        require(scale_ok, "augment.crop_scale", scale, "from 1e-6 to 1")?;
        let ratio_ok = (1.0..=10.0).contains(&ratio);
        require(ratio_ok, "augment.crop_ratio", ratio, "from 1 to 10")?;
        let quality_ok = (1..=100).contains(&quality);
        require(quality_ok, "augment.jpeg_quality", quality, "from 1 to 100")?;
        let operations = self.rand_augment;
        let ok = operations <= MOST_OPERATIONS;
        require(ok, "augment.rand_augment", operations, "from 0 to 100")?;
        let ok = self.views <= MOST_VIEWS;
        require(ok, "augment.views", self.views, "from 0 to 10000")?;
        let views_ok = self.views == 0 || self.changes_pixels();
        let expected = "0 without an augmentation beyond symmetries, which are all cached anyway";
        require(views_ok, "augment.views", self.views, expected)?;
        let probe = train.mode == TrainMode::Probe;
        let views_ok = !probe || self.views > 0 || !self.changes_pixels();
        let expected = "1 or more with train.mode probe, which sees each view once; or use \
                        '--mode head'";
        require(views_ok, "augment.views", self.views, expected)?;
        let mixup_ok = !probe || self.mixup == 0.0;
        let expected = "0 with train.mode probe; or use '--mode head'";
        require(mixup_ok, "augment.mixup", self.mixup, expected)?;
        let whole = matches!(train.mode, TrainMode::Full | TrainMode::HeadThenFull);
        let views_ok = self.views == 0 || !whole;
        let expected = "0 with modes that train the whole network, which have nothing to cache";
        require(views_ok, "augment.views", self.views, expected)?;
        self.check_sizes(train)?;
        let cutmix_ok = self.cutmix == 0.0 || whole;
        let expected = "0 with modes that see no pixels; use train.mode=full";
        require(cutmix_ok, "augment.cutmix", self.cutmix, expected)
    }

    /// Sizes of one embedding each: heads can take them as further views.
    fn check_sizes(&self, train: &TrainConfig) -> Result<(), ConfigError> {
        let (key, sizes) = ("augment.sizes_px", &self.sizes_px);
        let in_words = || format!("{sizes:?}");
        for (at, size) in sizes.iter().enumerate() {
            let ok = (1..=8192).contains(size) && !sizes[..at].contains(size);
            require(ok, key, in_words(), "different sizes, each from 1 to 8192")?;
        }
        let ok = sizes.len() <= MOST_SIZES;
        require(ok, key, in_words(), "8 sizes at most")?;
        let ok = sizes.is_empty() || matches!(train.mode, TrainMode::Probe | TrainMode::Head);
        let expected = "left out with modes that train more than a head, which see one size";
        require(ok, key, in_words(), expected)?;
        let ok = sizes.is_empty() || !self.changes_pixels();
        let expected = "left out beside random changes of pixels, which are made at one size";
        require(ok, key, in_words(), expected)
    }
}
