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
    pub mega_multiply_adds: u64,
    /// What the names of the classifier's tensors begin with.
    pub classifier: &'static str,
}

/// `ImageNet`'s channel means.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// `ImageNet`'s channel standard deviations.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// A row: native size, embedding width, parameters, millions of multiply-adds, classifier.
type Row = (usize, usize, usize, u64, &'static str);

const fn row(name: BackboneName) -> Row {
    use BackboneName as B;
    match name {
        B::EosinMini => (96, 256, 1_762_968, 67, "fc."),
        B::ResNet18 => (224, 512, 11_176_512, 1_814, "fc."),
        B::ResNet34 => (224, 512, 21_284_672, 3_663, "fc."),
        B::ResNet50 => (224, 2048, 23_508_032, 4_087, "fc."),
        B::ResNet101 => (224, 2048, 42_500_160, 7_799, "fc."),
        B::EfficientNetB0 => (224, 1280, 4_007_548, 385, "classifier."),
        B::EfficientNetB1 => (240, 1280, 6_513_184, 686, "classifier."),
        B::EfficientNetB2 => (256, 1408, 7_700_994, 858, "classifier."),
        B::EfficientNetB3 => (288, 1536, 10_696_232, 1_588, "classifier."),
        B::EfficientNetB4 => (320, 1792, 17_548_616, 3_062, "classifier."),
        B::TfEfficientNetLite0 => (224, 1280, 3_371_008, 384, "classifier."),
        B::TfEfficientNetLite1 => (240, 1280, 4_135_680, 599, "classifier."),
        B::TfEfficientNetLite2 => (260, 1280, 4_811_072, 858, "classifier."),
        B::RexNet100 => (224, 1280, 3_515_873, 397, "head.fc."),
        B::RexNet130 => (224, 1664, 5_892_091, 661, "head.fc."),
        B::RexNet150 => (224, 1920, 7_807_593, 874, "head.fc."),
        B::RexNet200 => (224, 2560, 13_805_620, 1_526, "head.fc."),
        B::RexNet300 => (224, 3840, 30_867_792, 3_392, "head.fc."),
        B::Vgg16 => (224, 4096, 134_260_544, 15_466, "head.fc."),
        B::Vgg16Bn => (224, 4096, 134_268_992, 15_466, "head.fc."),
        B::Vgg19 => (224, 4096, 139_570_240, 19_628, "head.fc."),
        B::MobileNetV2 => (224, 1280, 2_223_872, 299, "classifier."),
        B::MobileNetV2x140 => (224, 1792, 4_315_776, 580, "classifier."),
        B::MobileNetV3Large => (224, 1280, 4_202_032, 215, "classifier."),
        B::ResNest14d => (224, 2048, 8_562_688, 2_747, "fc."),
        B::ResNest26d => (224, 2048, 15_020_448, 3_621, "fc."),
        B::ResNest50d => (224, 2048, 25_434_240, 5_369, "fc."),
        B::DenseNet121 => (224, 1024, 6_953_856, 2_833, "classifier."),
        B::ConvNextTiny => (224, 768, 27_820_128, 4_455, "head.fc."),
        B::SqueezeNet11 => (224, 512, 722_496, 263, "classifier.1."),
        B::VitSmallPatch16 => (224, 384, 21_665_664, 4_598, "head."),
        B::DinoV2Small => (518, 384, 22_056_192, 46_697, "head."),
        B::BaselineCnn => (512, 32, 51_905, 14, "fc."),
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
