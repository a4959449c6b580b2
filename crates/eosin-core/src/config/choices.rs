//! The words that a configuration is written in.

use crate::d4::D4;

crate::choice::choices! {
    /// What the pixel values are scaled by before the backbone sees them.
    pub enum NormaliseMode {
        /// What the backbone's pretrained weights were made with.
        Backbone => "backbone",
        /// To 0..1 only.
        Unit => "unit",
        /// `ImageNet`'s channel means and standard deviations.
        ImageNet => "imagenet",
        /// Channel statistics of all training patches.
        Dataset => "dataset",
        /// Channel statistics of the training part of each fold alone.
        Fold => "fold",
    }
}

crate::choice::choices! {
    /// In how many bits the frozen part of the backbone multiplies.
    pub enum Precision {
        /// Single precision.
        F32 => "f32",
        /// Weights and maps rounded to bf16.
        Bf16 => "bf16",
        /// Weights and maps as 8-bit integers, those of maps scaled image by image.
        Int8 => "int8",
    }
}

crate::choice::choices! {
    /// How images combine into one mean and standard deviation.
    pub enum StatisticsKind {
        /// Mean of each image's mean, and mean of each image's standard deviation, every image
        /// with the same weight. Leaves out the variation between images.
        PerImageMean => "image-mean",
        /// Mean and population standard deviation over all pixels together, so large images weigh
        /// more and the variation between images counts.
        PooledPixels => "pooled",
    }
}

crate::choice::choices! {
    /// The filter that computes new pixels. When shrinking, all but `nearest` widen with the scale,
    /// as Pillow's do.
    pub enum ResizeFilter {
        /// The nearest pixel.
        Nearest => "nearest",
        /// Mean over the area that a new pixel covers.
        Area => "area",
        /// Linear interpolation.
        Bilinear => "bilinear",
        /// Catmull-Rom cubic interpolation.
        Bicubic => "bicubic",
        /// Windowed sinc with three lobes.
        Lanczos3 => "lanczos3",
    }
}

crate::choice::choices! {
    /// What to do with a patch that is not square.
    pub enum ResizePolicy {
        /// Refuse it.
        Square => "square",
        /// Scale each side by its own factor.
        Stretch => "stretch",
        /// Scale by one factor, then centre on white.
        Pad => "pad",
    }
}

crate::choice::choices! {
    /// Whether patients and slides are read out of the names of files.
    pub enum IdSource {
        /// Where names leave no doubt.
        Auto => "auto",
        /// Wherever names hold what looks like one.
        Names => "names",
        /// Never.
        None => "none",
    }
}

crate::choice::choices! {
    /// How the stain of patches is made alike.
    ///
    /// A word by itself is eosin's own form; after a colon stands the tool whose conventions hold.
    pub enum StainMethod {
        /// Not at all.
        None => "none",
        /// Two stains found from the angles of optical densities (Macenko 2009).
        Macenko => "macenko",
        /// As torchstain's `NumPy` form.
        MacenkoTorchstain => "macenko:torchstain",
        /// As torchstain's PyTorch form.
        MacenkoTorchstainTorch => "macenko:torchstain-torch",
        /// As `TIAToolbox`.
        MacenkoTiatoolbox => "macenko:tiatoolbox",
        /// As `StainTools`, without its standardiser of brightness.
        MacenkoStaintools => "macenko:staintools",
        /// Two stains learned as a sparse non-negative dictionary (Vahadane 2016).
        Vahadane => "vahadane",
        /// Mean and standard deviation of CIELAB's channels (Reinhard 2001).
        Reinhard => "reinhard",
        /// As torchstain.
        ReinhardTorchstain => "reinhard:torchstain",
        /// As torchstain's method `modified`.
        ReinhardTorchstainModified => "reinhard:torchstain-modified",
        /// As `TIAToolbox`, with `OpenCV`'s 8-bit CIELAB.
        ReinhardTiatoolbox => "reinhard:tiatoolbox",
        /// Two fixed stains (Ruifrok 2001), their strengths made alike.
        Ruifrok => "ruifrok",
        /// As `TIAToolbox`.
        RuifrokTiatoolbox => "ruifrok:tiatoolbox",
    }
}

crate::choice::choices! {
    /// What may not be on both sides of a split.
    pub enum GroupBy {
        /// The coarsest that the manifest knows: patient, else slide, else group.
        Auto => "auto",
        /// Nothing: patches are split one by one.
        None => "none",
        /// The patient.
        Patient => "patient",
        /// The slide.
        Slide => "slide",
        /// The manifest's `group` column.
        Group => "group",
    }
}

crate::choice::choices! {
    /// Which weights are trained.
    pub enum TrainMode {
        /// The last layer, solved to the optimum on cached embeddings: logistic regression, its
        /// penalty chosen on inner folds.
        Probe => "probe",
        /// The last layer in epochs, on cached embeddings.
        Head => "head",
        /// The last stage of the backbone and the last layer, on the cached maps that enter it.
        LastBlock => "last-block",
        /// The last `train.stages` stages and the last layer, on the cached maps that enter them.
        LastN => "last-n",
        /// The whole network.
        Full => "full",
        /// The last layer for `train.head_epochs`, then the whole network.
        HeadThenFull => "head-then-full",
    }
}

crate::choice::choices! {
    /// What stands on the embeddings.
    pub enum HeadKind {
        /// One linear layer: in mode `probe` multinomial logistic regression, in others trained in
        /// epochs.
        Logistic => "logistic",
        /// Ridge regression of the classes, in closed form; with `probe`.
        Ridge => "ridge",
        /// Linear discriminant analysis with a shrunk covariance; with `probe`.
        Lda => "lda",
        /// The distance to the mean of each class; with `probe`.
        Prototypes => "prototypes",
        /// The nearest training patches by the cosine, to the mean embedding of the views; with `probe`.
        Knn => "knn",
        /// A hidden layer of `train.hidden` rectified units and a linear one; with `head`.
        Mlp => "mlp",
    }
}

impl HeadKind {
    /// What its strength is called, where it has one in mode `probe`.
    pub const fn strength(self) -> Option<&'static str> {
        match self {
            Self::Logistic => Some("C"),
            Self::Ridge => Some("alpha"),
            Self::Lda => Some("shrinkage"),
            Self::Knn => Some("k"),
            Self::Prototypes | Self::Mlp => None,
        }
    }

    /// Whether it is one linear layer, however it comes about.
    pub const fn is_linear(self) -> bool {
        !matches!(self, Self::Knn | Self::Mlp)
    }
}

crate::choice::choices! {
    /// How the answers of an ensemble's members become one.
    pub enum EnsembleMethod {
        /// One head, solved on the embeddings of all members, one beside the other.
        Concat => "concat",
        /// The mean of probabilities.
        Soft => "soft",
        /// The mean of logits: the geometric mean of probabilities, brought to the sum 1.
        Geometric => "geometric",
        /// The power mean of probabilities with exponent 2.
        Power => "power",
        /// The share of members that decide for a class.
        Hard => "hard",
        /// The mean of a probability's ranks.
        Rank => "rank",
        /// A weighted mean of probabilities, the weights of least log loss.
        Weighted => "weighted",
        /// A mean of probabilities of members picked one after another, one several times (Caruana
        /// 2004).
        Greedy => "greedy",
        /// Logistic regression on the members' logits.
        Logistic => "logistic",
        /// Ridge regression on the members' logits.
        Ridge => "ridge",
        /// One network, whose weights are the mean of the members' (Wortsman et al. 2022).
        Soup => "soup",
        /// The same of members that are added where out-of-fold scores do not fall by it.
        GreedySoup => "greedy-soup",
    }
}

crate::choice::choices! {
    /// Which epoch of a fold is kept.
    pub enum Keep {
        /// The last: nothing is picked, so nothing flatters.
        Last => "last",
        /// The best by `train.select` on a fifth of the training part, which is not trained on.
        Inner => "inner",
        /// The best by `train.select` on the validation part, which flatters out-of-fold scores.
        Best => "best",
    }
}

crate::choice::choices! {
    /// The symmetries that training patches are seen under, each patch and epoch anew.
    pub enum Symmetries {
        /// As they are.
        None => "none",
        /// Mirrored left to right or not.
        HFlip => "hflip",
        /// Mirrored top to bottom or not.
        VFlip => "vflip",
        /// Mirrored along either axis, both or none.
        Flips => "flips",
        /// Turned by any number of quarter turns.
        Rot90 => "rot90",
        /// All eight symmetries of the square.
        D4 => "d4",
    }
}

impl Symmetries {
    /// The symmetries that are drawn from, each as likely as any other.
    pub const fn members(self) -> &'static [D4] {
        const TURNS: [D4; 4] = [D4::IDENTITY, D4::ROT90, D4::ROT180, D4::ROT270];
        match self {
            Self::None => &[D4::IDENTITY],
            Self::HFlip => &[D4::IDENTITY, D4::HFLIP],
            Self::VFlip => &[D4::IDENTITY, D4::VFLIP],
            Self::Flips => &[D4::IDENTITY, D4::HFLIP, D4::VFLIP, D4::ROT180],
            Self::Rot90 => &TURNS,
            Self::D4 => &D4::ALL,
        }
    }
}

crate::choice::choices! {
    /// The symmetries that a patch is judged under: its prediction is the mean of their logits, or with
    /// `knn` what the mean of their embeddings gives.
    pub enum PredictViews {
        /// Those that training patches are seen under (`augment.symmetry`).
        Auto => "auto",
        /// As it is.
        None => "none",
        /// And mirrored left to right.
        HFlip => "hflip",
        /// And mirrored top to bottom.
        VFlip => "vflip",
        /// And mirrored along either axis and both.
        Flips => "flips",
        /// Turned by any number of quarter turns.
        Rot90 => "rot90",
        /// All eight symmetries of the square.
        D4 => "d4",
    }
}

impl PredictViews {
    /// The symmetries, where training patches are seen under those of `training`.
    pub const fn symmetries(self, training: Symmetries) -> Symmetries {
        match self {
            Self::Auto => training,
            Self::None => Symmetries::None,
            Self::HFlip => Symmetries::HFlip,
            Self::VFlip => Symmetries::VFlip,
            Self::Flips => Symmetries::Flips,
            Self::Rot90 => Symmetries::Rot90,
            Self::D4 => Symmetries::D4,
        }
    }
}

crate::choice::choices! {
    /// What batch norms do in the part of the network that is trained.
    pub enum BatchNormPolicy {
        /// `train` with mode `full`, `eval` with the others.
        Auto => "auto",
        /// Statistics of the batch; running statistics follow (PyTorch's `train()`).
        Train => "train",
        /// Running statistics as they are; scale and offset are still trained.
        Eval => "eval",
    }
}

crate::choice::choices! {
    /// What failing checks before training lead to.
    pub enum DoctorPolicy {
        /// No check is made.
        Off => "off",
        /// A warning each.
        Warn => "warn",
        /// An error where one picture is on both sides of a split, else a warning each.
        Leaks => "leaks",
        /// An error.
        Refuse => "refuse",
    }
}

crate::choice::choices! {
    /// The rule that turns gradients into steps.
    pub enum OptimiserKind {
        /// Stochastic gradient descent with momentum.
        Sgd => "sgd",
        /// Adam, weight decay added to the gradient.
        Adam => "adam",
        /// Adam with decoupled weight decay.
        AdamW => "adamw",
        /// Gradients over their running root mean square, with momentum.
        RmsProp => "rmsprop",
        /// The sign of a running mean, with decoupled weight decay.
        Lion => "lion",
    }
}

crate::choice::choices! {
    /// How the learning rate changes over a training.
    pub enum ScheduleKind {
        /// Not at all.
        Constant => "constant",
        /// Half a cosine from the full rate to zero.
        Cosine => "cosine",
        /// Divided by ten after each third of the epochs.
        Step => "step",
        /// Falling exponentially to a hundredth.
        Exponential => "exponential",
        /// Up to the full rate over the first three tenths, then down to nearly nothing.
        OneCycle => "one-cycle",
        /// Divided by ten whenever `select` has not improved for `plateau_patience` epochs.
        Plateau => "plateau",
    }
}

crate::choice::choices! {
    /// Weights of the classes in the loss.
    pub enum ClassWeights {
        /// All one.
        None => "none",
        /// Inverse to the class's share of the training part, mean one over the patches.
        Balanced => "balanced",
        /// Inverse to the class's effective number of patches, mean one over the patches.
        EffectiveNumber => "effective-number",
    }
}

crate::choice::choices! {
    /// What is minimised.
    pub enum LossKind {
        /// Cross-entropy of the softmax.
        CrossEntropy => "cross-entropy",
        /// Cross-entropy that counts sure patches less.
        Focal => "focal",
        /// Between cross-entropy and mean absolute error: for noisy labels.
        GeneralisedCrossEntropy => "generalised-cross-entropy",
        /// Cross-entropy of two classes with a weight for the positive one.
        Binary => "binary",
    }
}

crate::choice::choices! {
    /// Which patches make an epoch.
    pub enum Sampling {
        /// Every patch once.
        None => "none",
        /// As many of each class as the rarest has, drawn anew each epoch.
        Under => "under",
        /// As many of each class as the commonest has, by repetition.
        Over => "over",
        /// As many patches as there are, every batch with the same number of each class.
        BalancedBatches => "balanced-batches",
    }
}

crate::choice::choices! {
    /// How cached embeddings are stored.
    pub enum CacheDtype {
        /// Single precision: exact.
        F32 => "f32",
        /// Half precision: half the disk, values rounded to 11 bits.
        F16 => "f16",
    }
}
