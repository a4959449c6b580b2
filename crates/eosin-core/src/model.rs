//! The backbones that can be named.

crate::choice::choices! {
    /// A network that turns a patch into an embedding.
    pub enum BackboneName {
        /// The small histology network whose weights are part of the program.
        EosinMini => "eosin_mini",
        /// timm's `resnet18`.
        ResNet18 => "resnet18",
        /// timm's `resnet34`.
        ResNet34 => "resnet34",
        /// timm's `resnet50`.
        ResNet50 => "resnet50",
        /// timm's `resnet101`.
        ResNet101 => "resnet101",
        /// timm's `efficientnet_b0`.
        EfficientNetB0 => "efficientnet_b0",
        /// timm's `efficientnet_b1`.
        EfficientNetB1 => "efficientnet_b1",
        /// timm's `efficientnet_b2`.
        EfficientNetB2 => "efficientnet_b2",
        /// timm's `efficientnet_b3`.
        EfficientNetB3 => "efficientnet_b3",
        /// timm's `efficientnet_b4`.
        EfficientNetB4 => "efficientnet_b4",
        /// timm's `tf_efficientnet_lite0`.
        TfEfficientNetLite0 => "tf_efficientnet_lite0",
        /// timm's `tf_efficientnet_lite1`.
        TfEfficientNetLite1 => "tf_efficientnet_lite1",
        /// timm's `tf_efficientnet_lite2`.
        TfEfficientNetLite2 => "tf_efficientnet_lite2",
        /// timm's `rexnet_100`.
        RexNet100 => "rexnet_100",
        /// timm's `rexnet_130`.
        RexNet130 => "rexnet_130",
        /// timm's `rexnet_150`.
        RexNet150 => "rexnet_150",
        /// timm's `rexnet_200`.
        RexNet200 => "rexnet_200",
        /// timm's `rexnet_300`.
        RexNet300 => "rexnet_300",
        /// timm's `vgg16`.
        Vgg16 => "vgg16",
        /// timm's `vgg16_bn`.
        Vgg16Bn => "vgg16_bn",
        /// timm's `vgg19`.
        Vgg19 => "vgg19",
        /// timm's `mobilenetv2_100`.
        MobileNetV2 => "mobilenetv2_100",
        /// timm's `mobilenetv2_140`.
        MobileNetV2x140 => "mobilenetv2_140",
        /// timm's `mobilenetv3_large_100`.
        MobileNetV3Large => "mobilenetv3_large_100",
        /// timm's `resnest14d`.
        ResNest14d => "resnest14d",
        /// timm's `resnest26d`.
        ResNest26d => "resnest26d",
        /// timm's `resnest50d`.
        ResNest50d => "resnest50d",
        /// timm's `densenet121`.
        DenseNet121 => "densenet121",
        /// timm's `convnext_tiny`.
        ConvNextTiny => "convnext_tiny",
        /// torchvision's `squeezenet1_1`.
        SqueezeNet11 => "squeezenet1_1",
        /// timm's `vit_small_patch16_224`.
        VitSmallPatch16 => "vit_small_patch16_224",
        /// timm's `vit_small_patch14_dinov2`.
        DinoV2Small => "vit_small_patch14_dinov2",
        /// The 2020 datathon organisers' baseline.
        BaselineCnn => "baseline_cnn",
    }
}
