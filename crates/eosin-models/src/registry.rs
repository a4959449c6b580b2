//! What is known of each backbone.

use eosin_core::BackboneName;

use crate::arch::BaselineCnn;

/// Facts about a backbone that do not depend on its weights.
#[derive(Clone, Copy, Debug)]
pub struct BackboneSpec {
    /// The name it is asked for by; timm's, where timm has it.
    pub name: BackboneName,
    /// Values of one embedding.
    pub embedding_width: usize,
    /// Image side that its pretrained weights were made for.
    pub native_size_px: usize,
    /// Smallest image side that it accepts.
    pub min_size_px: usize,
    /// Image sides must be a multiple of this (1, or the patch side of a transformer).
    pub size_step_px: usize,
    /// Channel means (of 0..1 values) that timm's default weights expect.
    pub mean: [f32; 3],
    /// Channel standard deviations that timm's default weights expect.
    pub std: [f32; 3],
    /// Trainable values without the classifier, at the native size.
    pub parameters: usize,
    /// Multiply-adds of one embedding at the native size, in millions.
    pub mega_multiply_adds: usize,
    /// What the names of the classifier's tensors begin with.
    pub classifier: &'static str,
}

/// `ImageNet`'s channel means.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// `ImageNet`'s channel standard deviations.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// A row: native size, embedding width, parameters, millions of multiply-adds, classifier.
type Row = (usize, usize, usize, usize, &'static str);

const fn row(name: BackboneName) -> Row {
    use BackboneName as B;
    match name {
        B::EosinMini => (96, 256, 0, 0, "fc."),
        B::ResNet18 => (224, 512, 0, 0, "fc."),
        B::ResNet34 => (224, 512, 0, 0, "fc."),
        B::ResNet50 => (224, 2048, 0, 0, "fc."),
        B::ResNet101 => (224, 2048, 0, 0, "fc."),
        B::EfficientNetB0 => (224, 1280, 0, 0, "classifier."),
        B::EfficientNetB1 => (240, 1280, 0, 0, "classifier."),
        B::EfficientNetB2 => (256, 1408, 0, 0, "classifier."),
        B::EfficientNetB3 => (288, 1536, 0, 0, "classifier."),
        B::EfficientNetB4 => (320, 1792, 0, 0, "classifier."),
        B::TfEfficientNetLite0 => (224, 1280, 0, 0, "classifier."),
        B::TfEfficientNetLite1 => (240, 1280, 0, 0, "classifier."),
        B::TfEfficientNetLite2 => (260, 1280, 0, 0, "classifier."),
        B::RexNet100 => (224, 1280, 0, 0, "head.fc."),
        B::RexNet130 => (224, 1664, 0, 0, "head.fc."),
        B::RexNet150 => (224, 1920, 0, 0, "head.fc."),
        B::RexNet200 => (224, 2560, 0, 0, "head.fc."),
        B::RexNet300 => (224, 3840, 0, 0, "head.fc."),
        B::Vgg16 => (224, 4096, 0, 0, "head.fc."),
        B::Vgg16Bn => (224, 4096, 0, 0, "head.fc."),
        B::Vgg19 => (224, 4096, 0, 0, "head.fc."),
        B::MobileNetV2 => (224, 1280, 0, 0, "classifier."),
        B::MobileNetV2x140 => (224, 1792, 0, 0, "classifier."),
        B::MobileNetV3Large => (224, 1280, 0, 0, "classifier."),
        B::ResNest14d => (224, 2048, 0, 0, "fc."),
        B::ResNest26d => (224, 2048, 0, 0, "fc."),
        B::ResNest50d => (224, 2048, 0, 0, "fc."),
        B::DenseNet121 => (224, 1024, 0, 0, "classifier."),
        B::ConvNextTiny => (224, 768, 0, 0, "head.fc."),
        B::SqueezeNet11 => (224, 512, 0, 0, "classifier.1."),
        B::VitSmallPatch16 => (224, 384, 0, 0, "head."),
        B::DinoV2Small => (518, 384, 0, 0, "head."),
        B::BaselineCnn => (512, 32, 0, 0, "fc."),
    }
}

impl BackboneSpec {
    /// The facts about `name`.
    pub const fn of(name: BackboneName) -> Self {
        use BackboneName as B;
        let (native_size_px, embedding_width, parameters, mega_multiply_adds, classifier) =
            row(name);
        let (mean, std) = match name {
            B::EosinMini
            | B::EfficientNetB1
            | B::TfEfficientNetLite0
            | B::TfEfficientNetLite1
            | B::TfEfficientNetLite2
            | B::VitSmallPatch16 => ([0.5; 3], [0.5; 3]),
            B::BaselineCnn => ([0.0; 3], [1.0; 3]),
            _ => (IMAGENET_MEAN, IMAGENET_STD),
        };
        Self {
            name,
            embedding_width,
            native_size_px,
            min_size_px: match name {
                B::BaselineCnn => BaselineCnn::MIN_SIZE,
                B::DinoV2Small => 42,
                _ => 32,
            },
            size_step_px: match name {
                B::VitSmallPatch16 => 16,
                B::DinoV2Small => 14,
                _ => 1,
            },
            mean,
            std,
            parameters,
            mega_multiply_adds,
            classifier,
        }
    }
}
