//! One file an architecture family.

mod baseline;
mod efficientnet;
mod eosin_mini;
mod resnet;

pub use baseline::BaselineCnn;
pub use efficientnet::EfficientNet;
pub use eosin_mini::EosinMini;
pub use resnet::ResNet;
