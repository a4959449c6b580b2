//! torchvision's tensor names, told as timm's.

use eosin_core::BackboneName;

use crate::state::StateDict;

/// `tensors` under timm's names, when they come under torchvision's; otherwise as they are.
pub(crate) fn to_timm_names(network: BackboneName, tensors: StateDict) -> StateDict {
    let is_torchvision = tensors.contains_key("features.0.0.weight");
    if network != BackboneName::MobileNetV2 || !is_torchvision {
        // torchvision's and timm's ResNets agree.
        return tensors;
    }
    tensors
        .into_iter()
        .map(|(key, tensor)| (mobilenet_v2(&key).unwrap_or(key), tensor))
        .collect()
}

/// Blocks of each stage of `MobileNetV2`.
const STAGES: [usize; 7] = [1, 2, 3, 4, 3, 3, 1];

/// `features.4.conv.1.0.weight` -> `blocks.2.0.conv_dw.weight`, and so on.
fn mobilenet_v2(key: &str) -> Option<String> {
    if let Some(rest) = key.strip_prefix("classifier.1.") {
        return Some(format!("classifier.{rest}"));
    }
    let (index, rest) = key.strip_prefix("features.")?.split_once('.')?;
    let index: usize = index.parse().ok()?;
    let (layer, leaf) = rest.rsplit_once('.')?;
    let named = |conv: &str, norm: &str| match layer {
        "0" => Some(format!("{conv}.{leaf}")),
        "1" => Some(format!("{norm}.{leaf}")),
        _ => None,
    };
    match index {
        0 => named("conv_stem", "bn1"),
        18 => named("conv_head", "bn2"),
        _ => {
            let (stage, block) = stage_of(index - 1)?;
            let layer = layer.strip_prefix("conv.")?;
            let name = match (stage, layer) {
                (0, "0.0") | (1.., "1.0") => "conv_dw",
                (0, "1") | (1.., "0.0") => "conv_pw",
                (_, "0.1") => "bn1",
                (0, "2") | (1.., "1.1") => "bn2",
                (1.., "2") => "conv_pwl",
                (1.., "3") => "bn3",
                _ => return None,
            };
            Some(format!("blocks.{stage}.{block}.{name}.{leaf}"))
        }
    }
}

fn stage_of(mut block: usize) -> Option<(usize, usize)> {
    for (stage, count) in STAGES.into_iter().enumerate() {
        if block < count {
            return Some((stage, block));
        }
        block -= count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::mobilenet_v2;

    #[test]
    fn blocks_stem_head_and_classifier_are_renamed() {
        for (torchvision, timm) in [
            ("features.0.1.running_var", "bn1.running_var"),
            ("features.1.conv.0.0.weight", "blocks.0.0.conv_dw.weight"),
            ("features.1.conv.1.weight", "blocks.0.0.conv_pw.weight"),
            ("features.4.conv.1.0.weight", "blocks.2.0.conv_dw.weight"),
            ("features.17.conv.3.bias", "blocks.6.0.bn3.bias"),
            ("features.18.0.weight", "conv_head.weight"),
            ("classifier.1.bias", "classifier.bias"),
        ] {
            assert_eq!(mobilenet_v2(torchvision).as_deref(), Some(timm));
        }
    }
}
