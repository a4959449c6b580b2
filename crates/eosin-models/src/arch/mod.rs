//! One file an architecture family.

mod baseline;
mod convnext;
mod densenet;
mod efficientnet;
mod eosin_mini;
mod inverted_residual;
mod mobilenet_v3;
mod resnest;
mod resnet;
mod rexnet;
mod squeezenet;
mod vgg;
mod vit;

pub use baseline::BaselineCnn;
pub use convnext::ConvNext;
pub use densenet::DenseNet;
pub use efficientnet::EfficientNet;
pub use eosin_mini::EosinMini;
pub use mobilenet_v3::MobileNetV3;
pub use resnest::ResNest;
pub use resnet::ResNet;
pub use rexnet::RexNet;
pub use squeezenet::SqueezeNet;
pub use vgg::{Norms, Vgg};
pub use vit::VisionTransformer;
