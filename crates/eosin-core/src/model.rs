//! The backbones that can be named.

crate::choice::choices! {
    /// A network that turns a patch into an embedding.
    pub enum BackboneName {
        /// The small histology network whose weights are part of the program.
        EosinMini => "eosin_mini",
        /// timm's `resnet18`.
        ResNet18 => "resnet18",
        /// timm's `mobilenetv2_100`.
        MobileNetV2 => "mobilenetv2_100",
        /// timm's `tf_efficientnet_lite0`.
        TfEfficientNetLite0 => "tf_efficientnet_lite0",
        /// The 2020 datathon organisers' baseline.
        BaselineCnn => "baseline_cnn",
    }
}
