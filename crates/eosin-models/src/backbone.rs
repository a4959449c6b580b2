//! Any of the architectures, by name.

use std::sync::Arc;

use eosin_core::BackboneName;
use eosin_kernels::Activation;

use crate::arch::{
    BaselineCnn, ConvNext, DenseNet, EfficientNet, EosinMini, MobileNetV3, Norms, ResNest, ResNet,
    RexNet, SqueezeNet, Vgg, VisionTransformer,
};
use crate::architecture::{Architecture, LastPlaces};
use crate::layers::Linear;
use crate::param::{Module, Names, Param, Role, module};
use crate::recorder::{Map, Recorder, Vector};

/// Any of the architectures: its layers, and what its parameters are called. It holds no weights;
/// a [`StoredNetwork`](crate::StoredNetwork) is one with weights.
#[derive(Clone, Debug)]
pub struct Backbone {
    architecture: Arc<dyn Architecture>,
    /// In place of the architecture's last layer.
    hidden: Option<Arc<HiddenLayer>>,
    parameters: Vec<Param>,
}

/// A hidden layer and the last one, named as `torch.nn.Sequential(Linear, ReLU, Linear)` has them.
#[derive(Debug)]
struct HiddenLayer {
    at_0: Linear,
    at_2: Linear,
}

module!(HiddenLayer { at_0, at_2 });

impl Backbone {
    /// The architecture `name` with `classes` outputs, for images of `size_px`, which
    /// matters only to networks whose layers depend on the image side.
    pub fn new(name: BackboneName, classes: usize, size_px: usize) -> Self {
        use BackboneName as B;
        let n = classes;
        let efficientnet = |width, depth| Self::of(EfficientNet::scaled(width, depth, n));
        let lite = |width, depth| Self::of(EfficientNet::tf_lite(width, depth, n));
        let rexnet = |width| Self::of(RexNet::new(width, n));
        match name {
            B::EosinMini => Self::of(EosinMini::new(n)),
            B::ResNet18 => Self::of(ResNet::basic([2, 2, 2, 2], n)),
            B::ResNet34 => Self::of(ResNet::basic([3, 4, 6, 3], n)),
            B::ResNet50 => Self::of(ResNet::bottleneck([3, 4, 6, 3], n)),
            B::ResNet101 => Self::of(ResNet::bottleneck([3, 4, 23, 3], n)),
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
            B::Vgg16 => Self::of(Vgg::new([2, 2, 3, 3, 3], Norms::Absent, n)),
            B::Vgg16Bn => Self::of(Vgg::new([2, 2, 3, 3, 3], Norms::Behind, n)),
            B::Vgg19 => Self::of(Vgg::new([2, 2, 4, 4, 4], Norms::Absent, n)),
            B::MobileNetV2 => Self::of(EfficientNet::mobilenet_v2(1.0, n)),
            B::MobileNetV2x140 => Self::of(EfficientNet::mobilenet_v2(1.4, n)),
            B::MobileNetV3Large => Self::of(MobileNetV3::new(n)),
            B::ResNest14d => Self::of(ResNest::new([1, 1, 1, 1], n)),
            B::ResNest26d => Self::of(ResNest::new([2, 2, 2, 2], n)),
            B::ResNest50d => Self::of(ResNest::new([3, 4, 6, 3], n)),
            B::DenseNet121 => Self::of(DenseNet::new(n)),
            B::ConvNextTiny => Self::of(ConvNext::new(n)),
            B::SqueezeNet11 => Self::of(SqueezeNet::new(n)),
            B::VitSmallPatch16 => Self::of(VisionTransformer::patch16(n, size_px)),
            B::DinoV2Small => Self::of(VisionTransformer::patch14_dinov2(n, size_px)),
            B::BaselineCnn => Self::of(BaselineCnn::new(n, size_px)),
        }
    }

    /// `architecture` with its parameters named.
    fn of(mut architecture: impl Architecture + Module + 'static) -> Self {
        Self {
            parameters: Names::give(&mut architecture),
            hidden: None,
            architecture: Arc::new(architecture),
        }
    }

    /// The same with a hidden layer of `units` rectified units in front of the last layer, both under
    /// the name of what was the last.
    #[must_use]
    pub fn with_hidden(mut self, units: usize) -> Self {
        let last = self.architecture.classifier();
        let name = last.weight.name().trim_end_matches(".weight").to_owned();
        let (outputs, inputs) = (last.weight.shape()[0], last.weight.shape()[1]);
        let mut hidden = HiddenLayer {
            at_0: Linear::new(inputs, units),
            at_2: Linear::new(units, outputs),
        };
        self.parameters
            .retain(|parameter| !is_of(parameter.name(), &name));
        self.parameters
            .extend(Names::give_under(&name, &mut hidden));
        self.hidden = Some(Arc::new(hidden));
        self
    }

    /// Its tensors in the order of the architecture, running statistics included.
    pub fn parameters(&self) -> &[Param] {
        &self.parameters
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        let trained = self.parameters.iter();
        let trained = trained.filter(|parameter| parameter.role() == Role::Trained);
        trained
            .map(|parameter| parameter.shape().iter().product::<usize>())
            .sum()
    }

    /// What the stages are called, in order; the network can be cut before and behind each.
    pub fn stages(&self) -> &'static [&'static str] {
        self.architecture.stages()
    }

    /// The last layer.
    pub fn classifier(&self) -> &Linear {
        match &self.hidden {
            Some(hidden) => &hidden.at_2,
            None => self.architecture.classifier(),
        }
    }

    /// Notes the stages before `cut`: images to the map that enters stage `cut`.
    pub(crate) fn prefix(&self, net: &Recorder, cut: usize, x: Map) -> Map {
        (0..cut).fold(x, |x, stage| self.stage(net, stage, x))
    }

    /// Notes the stages from `cut` on: the map that enters stage `cut` to embeddings.
    pub(crate) fn tail(&self, net: &Recorder, cut: usize, x: Map) -> Vector {
        let stages = cut..self.stages().len();
        let map = stages.fold(x, |x, stage| self.stage(net, stage, x));
        net.enter_stage(self.stages().len());
        self.architecture.pool(net, map)
    }

    /// Notes the stages from `cut` on and the classifier, in front of which a share `dropout` of
    /// the embedding is dropped in training.
    pub(crate) fn tail_logits(&self, net: &Recorder, cut: usize, x: Map, dropout: f64) -> Vector {
        let mut embedding = net.dropout(self.tail(net, cut, x), dropout);
        if let Some(hidden) = &self.hidden {
            embedding = net.linear(embedding, &hidden.at_0, None, Activation::Relu);
        }
        net.linear(embedding, self.classifier(), None, Activation::Identity)
    }

    /// The last map whose places are told apart on the way to the logits.
    pub(crate) fn last_places(&self) -> LastPlaces {
        self.architecture.last_places()
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        net.enter_stage(stage);
        self.architecture.stage(net, stage, x)
    }
}

/// Whether a parameter belongs to the part called `part`.
fn is_of(name: &str, part: &str) -> bool {
    name.strip_prefix(part)
        .is_some_and(|rest| rest.starts_with('.'))
}
