//! torchvision's tensor names, and what else its files do otherwise than timm's.
//!
//! For each family one function says what torchvision calls a module of timm's name; the way back
//! is found by asking it for every module of the network. ResNet and `SqueezeNet` have the same
//! names in both; `DenseNet` has had since torchvision 0.3, before that with dots
//! (`norm.1`).

use std::sync::Arc;

use eosin_core::BackboneName;
use eosin_weights::LazyTensor;

use crate::adapted::adapted;
use crate::state::Shapes;

/// Epsilon of the batch norms of torchvision's `MobileNetV3`.
const MOBILENET_V3_EPS: f32 = 1e-3;
/// Epsilon of timm's.
const TIMM_EPS: f32 = 1e-5;

/// torchvision's name of the tensor that timm calls `key`, in the networks that torchvision has
/// under other names.
pub fn torchvision_name(network: BackboneName, key: &str) -> Option<String> {
    use BackboneName as B;
    let rename = match network {
        B::MobileNetV2 => mobilenet_v2,
        B::MobileNetV3Large => mobilenet_v3,
        B::EfficientNetB0
        | B::EfficientNetB1
        | B::EfficientNetB2
        | B::EfficientNetB3
        | B::EfficientNetB4 => efficientnet,
        B::ConvNextTiny => convnext,
        B::Vgg16 | B::Vgg16Bn | B::Vgg19 => vgg,
        _ => return None,
    };
    let (module, leaf) = key.rsplit_once('.')?;
    if leaf == "gamma" {
        return rename(key);
    }
    Some(format!("{}.{leaf}", rename(module)?))
}

/// A tensor in the shape and with the meaning that timm's network gives it.
pub(crate) fn fitted(
    network: BackboneName,
    key: &str,
    tensor: &Arc<dyn LazyTensor>,
    own: &Shapes,
) -> Arc<dyn LazyTensor> {
    // torchvision's fully connected layers, 1x1 convolutions in timm, and its layer scales have
    // other axes, but the same values in the same order.
    let expected = own.get(key);
    let expected = expected.filter(|shape| may_reshape(key, tensor.shape(), shape));
    // `var + eps` is all that evaluation sees of either.
    let is_var = network == BackboneName::MobileNetV3Large && key.ends_with("running_var");
    let added = if is_var {
        MOBILENET_V3_EPS - TIMM_EPS
    } else {
        0.0
    };
    if expected.is_none() && !is_var {
        return Arc::clone(tensor);
    }
    let shape = expected.map_or(tensor.shape(), Vec::as_slice);
    adapted(tensor, shape, added)
}

fn may_reshape(key: &str, given: &[usize], expected: &[usize]) -> bool {
    let same_count = given.iter().product::<usize>() == expected.iter().product::<usize>();
    let head = key.starts_with("pre_logits.") || key.starts_with("conv_head.");
    same_count && (head || key.ends_with("gamma"))
}

/// `...denselayer1.norm1.weight` -> `...denselayer1.norm.1.weight`, as torchvision called it before
/// version 0.3.
pub(crate) fn dotted_densenet(network: BackboneName, key: &str) -> Option<String> {
    if network != BackboneName::DenseNet121 {
        return None;
    }
    let dotted = ["norm", "conv"].iter().find_map(|layer| {
        let (before, after) = key.split_once(&format!(".{layer}"))?;
        let numbered = before.contains("denselayer") && after.starts_with(['1', '2']);
        numbered.then(|| format!("{before}.{layer}.{after}"))
    });
    Some(dotted.unwrap_or_else(|| key.to_owned()))
}

/// The first number, and what follows its dot.
fn number(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.split_once('.').unwrap_or((text, ""));
    Some((digits.parse().ok()?, rest))
}

/// Stage, block within it, layer of `blocks.2.0.conv_dw`.
fn block_of(module: &str) -> Option<(usize, usize, &str)> {
    let (stage, rest) = number(module.strip_prefix("blocks.")?)?;
    let (block, layer) = number(rest)?;
    Some((stage, block, layer))
}

/// Place of a layer in torchvision's list of an inverted residual block: the convolution's or the
/// norm's entry within a pair, or the squeeze-and-excitation's. `separable` blocks have no
/// expansion, and the list is shorter where there is no squeeze-and-excitation.
fn entry(layer: &str, separable: bool) -> Option<&'static str> {
    Some(match (layer, separable) {
        ("conv_pw", false) | ("conv_dw", true) => "0.0",
        ("bn1", _) => "0.1",
        ("conv_dw", false) | ("conv_pw", true) => "1.0",
        ("bn2", _) => "1.1",
        _ => return None,
    })
}

fn mobilenet_v2(module: &str) -> Option<String> {
    /// Blocks of each stage.
    const STAGES: [usize; 7] = [1, 2, 3, 4, 3, 3, 1];
    Some(match module {
        "conv_stem" => "features.0.0".to_owned(),
        "bn1" => "features.0.1".to_owned(),
        "conv_head" => "features.18.0".to_owned(),
        "bn2" => "features.18.1".to_owned(),
        "classifier" => "classifier.1".to_owned(),
        _ => {
            let (stage, block, layer) = block_of(module)?;
            let index = 1 + STAGES[..stage].iter().sum::<usize>() + block;
            // The projection is no pair: its convolution and norm are entries of their own.
            let entry = match (stage, layer) {
                (0, "conv_pw") => "1",
                (0, "bn2") | (_, "conv_pwl") => "2",
                (_, "bn3") => "3",
                _ => entry(layer, stage == 0)?,
            };
            format!("features.{index}.conv.{entry}")
        }
    })
}

fn mobilenet_v3(module: &str) -> Option<String> {
    const STAGES: [usize; 6] = [1, 2, 3, 4, 2, 3];
    Some(match module {
        "conv_stem" => "features.0.0".to_owned(),
        "bn1" => "features.0.1".to_owned(),
        "blocks.6.0.conv" => "features.16.0".to_owned(),
        "blocks.6.0.bn1" => "features.16.1".to_owned(),
        "conv_head" => "classifier.0".to_owned(),
        "classifier" => "classifier.3".to_owned(),
        _ => {
            let (stage, block, layer) = block_of(module)?;
            let index = 1 + STAGES[..stage].iter().sum::<usize>() + block;
            let has_squeeze = matches!(stage, 2 | 4 | 5);
            let entry = match layer {
                "se.conv_reduce" => "2.fc1",
                "se.conv_expand" => "2.fc2",
                "conv_pwl" if has_squeeze => "3.0",
                "bn3" if has_squeeze => "3.1",
                "conv_pwl" => "2.0",
                "bn3" => "2.1",
                _ => entry(layer, stage == 0)?,
            };
            format!("features.{index}.block.{entry}")
        }
    })
}

fn efficientnet(module: &str) -> Option<String> {
    Some(match module {
        "conv_stem" => "features.0.0".to_owned(),
        "bn1" => "features.0.1".to_owned(),
        "conv_head" => "features.8.0".to_owned(),
        "bn2" => "features.8.1".to_owned(),
        "classifier" => "classifier.1".to_owned(),
        _ => {
            let (stage, block, layer) = block_of(module)?;
            let entry = match (stage, layer) {
                (0, "se.conv_reduce") => "1.fc1",
                (0, "se.conv_expand") => "1.fc2",
                (0, "conv_pw") => "2.0",
                (0, "bn2") => "2.1",
                (_, "se.conv_reduce") => "2.fc1",
                (_, "se.conv_expand") => "2.fc2",
                (_, "conv_pwl") => "3.0",
                (_, "bn3") => "3.1",
                _ => entry(layer, stage == 0)?,
            };
            format!("features.{}.{block}.block.{entry}", stage + 1)
        }
    })
}

fn convnext(module: &str) -> Option<String> {
    Some(match module {
        "stem.0" => "features.0.0".to_owned(),
        "stem.1" => "features.0.1".to_owned(),
        "head.norm" => "classifier.0".to_owned(),
        "head.fc" => "classifier.2".to_owned(),
        _ => {
            let (stage, rest) = number(module.strip_prefix("stages.")?)?;
            if let Some(entry) = rest.strip_prefix("downsample.") {
                return Some(format!("features.{}.{entry}", 2 * stage));
            }
            let (block, layer) = number(rest.strip_prefix("blocks.")?)?;
            let entry = match layer {
                "conv_dw" => "block.0",
                "norm" => "block.2",
                "mlp.fc1" => "block.3",
                "mlp.fc2" => "block.5",
                "gamma" => "layer_scale",
                _ => return None,
            };
            format!("features.{}.{block}.{entry}", 2 * stage + 1)
        }
    })
}

fn vgg(module: &str) -> Option<String> {
    Some(match module {
        "pre_logits.fc1" => "classifier.0".to_owned(),
        "pre_logits.fc2" => "classifier.3".to_owned(),
        "head.fc" => "classifier.6".to_owned(),
        _ => module
            .strip_prefix("features.")
            .map(|_| module.to_owned())?,
    })
}
