//! `ReXNet` (Han et al. 2021, arXiv:2007.00992), as timm's `rexnet_100` to `rexnet_300`: channels
//! grow linearly from block to block, and a narrower input is added to the first channels of the
//! output.

use eosin_kernels::Activation;

use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::param::module;
use crate::recorder::{Map, Recorder};

const STAGES: &[&str] = &[
    "stem", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6",
];
/// Blocks of each stage.
const BLOCKS: [usize; 6] = [1, 2, 2, 3, 3, 5];
/// Stride of each stage's first block.
const STRIDES: [usize; 6] = [1, 2, 2, 2, 1, 2];
/// Squeeze-and-excitation starts with this stage.
const SQUEEZE_FROM: usize = 2;

/// A convolution with its norm.
#[derive(Debug)]
struct ConvNorm {
    conv: Conv2d,
    bn: BatchNorm,
}

module!(ConvNorm { conv, bn });

impl ConvNorm {
    fn new(conv: Conv2d) -> Self {
        let channels = conv.weight.shape()[0];
        Self {
            conv,
            bn: BatchNorm::new(channels),
        }
    }

    fn forward(&self, net: &Recorder, x: Map, activation: Activation) -> Map {
        net.conv_norm(x, &self.conv, &self.bn, activation)
    }
}

/// Squeeze-and-excitation with a batch norm inside.
#[derive(Debug)]
struct SqueezeExcite {
    fc1: Conv2d,
    bn: BatchNorm,
    fc2: Conv2d,
}

module!(SqueezeExcite { fc1, bn, fc2 });

#[derive(Debug)]
struct Bottleneck {
    conv_exp: Option<ConvNorm>,
    conv_dw: ConvNorm,
    se: Option<SqueezeExcite>,
    conv_pwl: ConvNorm,
    has_shortcut: bool,
}

module!(Bottleneck { conv_exp, conv_dw, se, conv_pwl; has_shortcut });

impl Bottleneck {
    fn new((cin, cout): (usize, usize), stage: usize, stride: usize) -> Self {
        let middle = if stage == 0 { cin } else { 6 * cin };
        let conv = |cin, cout| Conv2d::new(cin, cout, 1);
        let inner = middle / 12;
        Self {
            conv_exp: (stage > 0).then(|| ConvNorm::new(conv(cin, middle))),
            conv_dw: ConvNorm::new(Conv2d::depthwise(middle, 3).stride(stride)),
            se: (stage >= SQUEEZE_FROM).then(|| SqueezeExcite {
                fc1: conv(middle, inner).with_bias(),
                bn: BatchNorm::new(inner),
                fc2: conv(inner, middle).with_bias(),
            }),
            conv_pwl: ConvNorm::new(conv(middle, cout)),
            has_shortcut: stride == 1 && cin <= cout,
        }
    }

    fn forward(&self, net: &Recorder, input: Map) -> Map {
        let mut x = input;
        if let Some(expand) = &self.conv_exp {
            x = expand.forward(net, x, Activation::Silu);
        }
        if let Some(se) = &self.se {
            x = self.conv_dw.forward(net, x, Activation::Identity);
            let gate = net.mean(x);
            let gate = net.conv_norm(gate, &se.fc1, &se.bn, Activation::Relu);
            let gate = net.conv_act(gate, &se.fc2, Activation::Sigmoid);
            x = net.scale(x, gate, Activation::Relu6);
        } else {
            x = self.conv_dw.forward(net, x, Activation::Relu6);
        }
        let x = self.conv_pwl.forward(net, x, Activation::Identity);
        if self.has_shortcut {
            net.add_to_first(x, input)
        } else {
            x
        }
    }
}

/// A bottleneck, or the last expansion; which is no part of tensor names.
#[derive(Debug)]
enum Feature {
    Bottleneck(Bottleneck),
    Last(ConvNorm),
}

module!(
    enum Feature {
        Bottleneck,
        Last,
    }
);

/// The classifier in its place.
#[derive(Debug)]
struct Head {
    fc: Linear,
}

module!(Head { fc });

/// `ReXNet` of one width.
#[derive(Debug)]
pub struct RexNet {
    stem: ConvNorm,
    features: Vec<Feature>,
    head: Head,
}

module!(RexNet {
    stem,
    features,
    head
});

/// Python's `round`: halves go to the even neighbour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of channels"
)]
fn rounded(channels: f64) -> usize {
    channels.round_ties_even() as usize
}

impl RexNet {
    /// `width` is 1.0 for `rexnet_100`, 1.3 for `rexnet_130`, and so on.
    pub fn new(width: f64, classes: usize) -> Self {
        let stem = rounded(32.0 * width);
        let depth: usize = BLOCKS.iter().sum();
        let mut cin = stem;
        let mut features = Vec::with_capacity(depth + 1);
        for (stage, blocks) in BLOCKS.into_iter().enumerate() {
            for block in 0..blocks {
                let grown = 16.0 + 180.0 / depth as f64 * features.len() as f64;
                let cout = rounded(grown * width);
                let stride = if block == 0 { STRIDES[stage] } else { 1 };
                let block = Bottleneck::new((cin, cout), stage, stride);
                features.push(Feature::Bottleneck(block));
                cin = cout;
            }
        }
        let last = rounded(1280.0 * width);
        let conv = Conv2d::new(cin, last, 1);
        features.push(Feature::Last(ConvNorm::new(conv)));
        Self {
            stem: ConvNorm::new(Conv2d::new(3, stem, 3).stride(2)),
            features,
            head: Head {
                fc: Linear::new(last, classes),
            },
        }
    }
}

impl Architecture for RexNet {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        if stage == 0 {
            return self.stem.forward(net, x, Activation::Silu);
        }
        let first: usize = BLOCKS[..stage - 1].iter().sum();
        // The last expansion belongs to the last stage.
        let count = BLOCKS[stage - 1] + usize::from(stage == BLOCKS.len());
        self.features[first..first + count]
            .iter()
            .fold(x, |x, feature| match feature {
                Feature::Bottleneck(block) => block.forward(net, x),
                Feature::Last(layer) => layer.forward(net, x, Activation::Silu),
            })
    }

    fn classifier(&self) -> &Linear {
        &self.head.fc
    }
}
