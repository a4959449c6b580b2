//! Any of the architectures, by name.

use burn::module::Module;
use burn::tensor::Device;
use eosin_core::BackboneName;

use crate::arch::{
    BaselineCnn, ConvNext, DenseNet, EfficientNet, EosinMini, MobileNetV3, ResNest, ResNet, RexNet,
    SqueezeNet, Vgg, VisionTransformer,
};
use crate::engine::{Architecture, Engine};
use crate::layers::Linear;

macro_rules! architectures {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        /// Any of the architectures.
        #[derive(Module, Debug)]
        pub enum Backbone {
            $($(#[$meta])* $name($name),)+
        }

        impl Architecture for Backbone {
            fn stages(&self) -> &'static [&'static str] {
                match self { $(Self::$name(network) => network.stages(),)+ }
            }

            fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
                match self { $(Self::$name(network) => network.stage(engine, stage, x),)+ }
            }

            fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
                match self { $(Self::$name(network) => network.pool(engine, map),)+ }
            }

            fn classifier(&self) -> &Linear {
                match self { $(Self::$name(network) => network.classifier(),)+ }
            }

            fn classifier_mut(&mut self) -> &mut Linear {
                match self { $(Self::$name(network) => network.classifier_mut(),)+ }
            }
        }
    };
}

architectures! {
    /// Embedded histology network.
    EosinMini,
    /// ResNet.
    ResNet,
    /// `EfficientNet`, its lite form and `MobileNetV2`.
    EfficientNet,
    /// `MobileNetV3`-Large.
    MobileNetV3,
    /// `ReXNet`.
    RexNet,
    /// VGG.
    Vgg,
    /// `ResNeSt`.
    ResNest,
    /// `DenseNet`.
    DenseNet,
    /// `ConvNeXt`.
    ConvNext,
    /// `SqueezeNet`.
    SqueezeNet,
    /// Vision transformer.
    VisionTransformer,
    /// Organisers' baseline.
    BaselineCnn,
}

impl Backbone {
    /// The architecture `name` with `classes` outputs and all weights zero. `size_px` matters only
    /// to networks whose layers depend on the image side.
    pub fn new(name: BackboneName, classes: usize, size_px: usize, device: &Device) -> Self {
        use BackboneName as B;
        let (n, d) = (classes, device);
        let efficientnet =
            |width, depth| Self::EfficientNet(EfficientNet::scaled(width, depth, n, d));
        let lite = |width, depth| Self::EfficientNet(EfficientNet::tf_lite(width, depth, n, d));
        let rexnet = |width| Self::RexNet(RexNet::new(width, n, d));
        match name {
            B::EosinMini => Self::EosinMini(EosinMini::new(n, d)),
            B::ResNet18 => Self::ResNet(ResNet::basic([2, 2, 2, 2], n, d)),
            B::ResNet34 => Self::ResNet(ResNet::basic([3, 4, 6, 3], n, d)),
            B::ResNet50 => Self::ResNet(ResNet::bottleneck([3, 4, 6, 3], n, d)),
            B::ResNet101 => Self::ResNet(ResNet::bottleneck([3, 4, 23, 3], n, d)),
            B::EfficientNetB0 => efficientnet(1.0, 1.0),
            B::EfficientNetB1 => efficientnet(1.0, 1.1),
            B::EfficientNetB2 => efficientnet(1.1, 1.2),
            B::EfficientNetB3 => efficientnet(1.2, 1.4),
            B::EfficientNetB4 => efficientnet(1.4, 1.8),
            B::TfEfficientNetLite0 => lite(1.0, 1.0),
            B::TfEfficientNetLite1 => lite(1.0, 1.1),
            B::TfEfficientNetLite2 => lite(1.1, 1.2),
            B::RexNet100 => rexnet(1.0),
            B::RexNet130 => rexnet(1.3),
            B::RexNet150 => rexnet(1.5),
            B::RexNet200 => rexnet(2.0),
            B::RexNet300 => rexnet(3.0),
            B::Vgg16 => Self::Vgg(Vgg::new([2, 2, 3, 3, 3], false, n, d)),
            B::Vgg16Bn => Self::Vgg(Vgg::new([2, 2, 3, 3, 3], true, n, d)),
            B::Vgg19 => Self::Vgg(Vgg::new([2, 2, 4, 4, 4], false, n, d)),
            B::MobileNetV2 => Self::EfficientNet(EfficientNet::mobilenet_v2(1.0, n, d)),
            B::MobileNetV2x140 => Self::EfficientNet(EfficientNet::mobilenet_v2(1.4, n, d)),
            B::MobileNetV3Large => Self::MobileNetV3(MobileNetV3::new(n, d)),
            B::ResNest14d => Self::ResNest(ResNest::new([1, 1, 1, 1], n, d)),
            B::ResNest26d => Self::ResNest(ResNest::new([2, 2, 2, 2], n, d)),
            B::ResNest50d => Self::ResNest(ResNest::new([3, 4, 6, 3], n, d)),
            B::DenseNet121 => Self::DenseNet(DenseNet::new(n, d)),
            B::ConvNextTiny => Self::ConvNext(ConvNext::new(n, d)),
            B::SqueezeNet11 => Self::SqueezeNet(SqueezeNet::new(n, d)),
            B::VitSmallPatch16 => {
                Self::VisionTransformer(VisionTransformer::patch16(n, size_px, d))
            }
            B::DinoV2Small => {
                Self::VisionTransformer(VisionTransformer::patch14_dinov2(n, size_px, d))
            }
            B::BaselineCnn => Self::BaselineCnn(BaselineCnn::new(n, size_px, d)),
        }
    }
}
