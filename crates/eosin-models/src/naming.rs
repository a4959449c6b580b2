//! What files call the tensors of a network, beside the names that timm gives them.

use std::sync::Arc;

use eosin_core::BackboneName;
use eosin_weights::LazyTensor;

use crate::state::Shapes;
use crate::torchvision::{dotted_densenet, fitted, torchvision_name};

/// Whose names a file's tensors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// timm's, which are also this program's.
    Timm,
    /// torchvision's.
    Torchvision,
    /// torchvision's before version 0.3, with dots before the numbers of `DenseNet`'s layers.
    OldTorchvision,
    /// The numbers that torchvision's modules have in an `nn.Sequential`, as fastai and
    /// `nn.Sequential(*network.children())` write them: `4.0.conv1.weight` for
    /// `layer1.0.conv1.weight`.
    Numbered,
}

/// The children of torchvision's `ResNet`, in their order; those without tensors are left empty.
const RESNET_CHILDREN: [&str; 8] = [
    "conv1", "bn1", "", "", "layer1", "layer2", "layer3", "layer4",
];

impl Naming {
    /// All of them, the usual ones first.
    pub(crate) const ALL: [Self; 4] = [
        Self::Timm,
        Self::Torchvision,
        Self::OldTorchvision,
        Self::Numbered,
    ];

    /// Whether the file comes from torchvision, whose weights expect ImageNet's mean and standard
    /// deviation.
    pub const fn is_torchvision(self) -> bool {
        matches!(self, Self::Torchvision | Self::OldTorchvision)
    }

    /// What the tensor that timm calls `key` is called; `None` when the naming has none.
    pub(crate) fn name(self, network: BackboneName, key: &str) -> Option<String> {
        match self {
            Self::Timm => Some(key.to_owned()),
            Self::Torchvision => torchvision_name(network, key),
            Self::OldTorchvision => dotted_densenet(network, key),
            Self::Numbered => numbered(network, key),
        }
    }

    /// A tensor in the shape and with the meaning that timm's network gives it.
    pub(crate) fn fitted(
        self,
        network: BackboneName,
        key: &str,
        tensor: &Arc<dyn LazyTensor>,
        own: &Shapes,
    ) -> Arc<dyn LazyTensor> {
        match self {
            Self::Timm | Self::OldTorchvision => Arc::clone(tensor),
            Self::Torchvision | Self::Numbered => fitted(network, key, tensor, own),
        }
    }
}

fn numbered(network: BackboneName, key: &str) -> Option<String> {
    let name = torchvision_name(network, key).unwrap_or_else(|| key.to_owned());
    let (child, rest) = name.split_once('.')?;
    if child == "features" {
        return Some(format!("0.{rest}"));
    }
    let is_resnet = network.as_str().starts_with("resnet");
    let place = RESNET_CHILDREN.iter().position(|name| *name == child);
    place
        .filter(|_| is_resnet)
        .map(|place| format!("{place}.{rest}"))
}
