//! Backbones, their weights, and two ways to run them.
//!
//! Each architecture is written once, over [`Engine`]: [`BurnEngine`] runs it with Burn tensors for
//! training, [`GraphBuilder`] records it as a [`Graph`] with folded batch norms for embedding on
//! the CPU kernels. Tensors carry timm's names ([`state_dict`]), so timm's weight files load as
//! they are and torchvision's after a renaming ([`WeightFile`]).

mod arch;
mod burn_engine;
mod engine;
mod graph;
mod graph_builder;
mod layers;
mod registry;
mod state;
mod torchvision;
mod weights;
mod weights_out;

pub use burn_engine::{BurnEngine, cpu};
pub use engine::{Architecture, Engine};
pub use graph::{Graph, Workspace};
pub use graph_builder::GraphBuilder;
pub use layers::{BatchNorm, Conv2d, ConvGeometry, Linear, PadMode};
pub use registry::{Backbone, BackboneSpec, IMAGENET_MEAN, IMAGENET_STD};
pub use state::{StateDict, StateMismatch, StateTensor, init_state, load_state, state_dict};
pub use weights::{
    EMBEDDED, WeightFile, WeightsError, classifier_prefix, embedded_weights,
    embedded_weights_have_seen, parameter_count,
};
pub use weights_out::{StoredAs, to_safetensors};
