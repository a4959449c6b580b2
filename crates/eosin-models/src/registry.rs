//! What is known of each backbone, and how to make it.

use burn::module::Module;
use burn::tensor::Device;
use eosin_core::BackboneName;

use crate::arch::{BaselineCnn, EfficientNet, EosinMini, ResNet};
use crate::engine::{Architecture, Engine};
use crate::layers::Linear;

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
    /// Channel means (of 0..1 values) that its pretrained weights expect.
    pub mean: [f32; 3],
    /// Channel standard deviations that its pretrained weights expect.
    pub std: [f32; 3],
}

/// `ImageNet`'s channel means.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// `ImageNet`'s channel standard deviations.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

impl BackboneSpec {
    /// The facts about `name`.
    pub const fn of(name: BackboneName) -> Self {
        let imagenet = Self {
            name,
            embedding_width: 512,
            native_size_px: 224,
            min_size_px: 32,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        };
        match name {
            BackboneName::ResNet18 => imagenet,
            BackboneName::MobileNetV2 => Self {
                embedding_width: 1280,
                ..imagenet
            },
            BackboneName::TfEfficientNetLite0 => Self {
                embedding_width: 1280,
                mean: [0.5; 3],
                std: [0.5; 3],
                ..imagenet
            },
            BackboneName::EosinMini => Self {
                embedding_width: 256,
                native_size_px: 96,
                mean: [0.5; 3],
                std: [0.5; 3],
                ..imagenet
            },
            BackboneName::BaselineCnn => Self {
                embedding_width: 32,
                native_size_px: 512,
                min_size_px: BaselineCnn::MIN_SIZE,
                mean: [0.0; 3],
                std: [1.0; 3],
                ..imagenet
            },
        }
    }
}

/// Any of the architectures.
#[derive(Module, Debug)]
pub enum Backbone {
    /// Basic-block residual network.
    ResNet(ResNet),
    /// Mobile inverted-residual network.
    EfficientNet(EfficientNet),
    /// Embedded histology network.
    EosinMini(EosinMini),
    /// Organisers' baseline.
    BaselineCnn(BaselineCnn),
}

macro_rules! each {
    ($backbone:expr, $network:ident => $body:expr) => {
        match $backbone {
            Backbone::ResNet($network) => $body,
            Backbone::EfficientNet($network) => $body,
            Backbone::EosinMini($network) => $body,
            Backbone::BaselineCnn($network) => $body,
        }
    };
}

impl Backbone {
    /// The architecture `name` with `classes` outputs and all weights zero. `size_px` matters only
    /// to networks whose layers depend on the image side.
    pub fn new(name: BackboneName, classes: usize, size_px: usize, device: &Device) -> Self {
        match name {
            BackboneName::ResNet18 => Self::ResNet(ResNet::resnet18(classes, device)),
            BackboneName::MobileNetV2 => {
                Self::EfficientNet(EfficientNet::mobilenet_v2(classes, device))
            }
            BackboneName::TfEfficientNetLite0 => {
                Self::EfficientNet(EfficientNet::tf_lite0(classes, device))
            }
            BackboneName::EosinMini => Self::EosinMini(EosinMini::new(classes, device)),
            BackboneName::BaselineCnn => {
                Self::BaselineCnn(BaselineCnn::new(classes, size_px, device))
            }
        }
    }
}

impl Architecture for Backbone {
    fn feature_map<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        each!(self, network => network.feature_map(engine, x))
    }

    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        each!(self, network => network.pool(engine, map))
    }

    fn classifier(&self) -> &Linear {
        each!(self, network => network.classifier())
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        each!(self, network => network.classifier_mut())
    }
}
