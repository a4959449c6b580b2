//! Backbones, their weights, and two ways to run them.
//!
//! Each architecture is written once, over [`Engine`]: [`BurnEngine`] runs it with Burn tensors for
//! training, a recorder notes it as a [`Recording`] with folded batch norms, which a [`Graph`] runs on
//! the CPU kernels. Tensors carry timm's names ([`state_dict`]), so timm's weight files load as
//! they are and torchvision's after a renaming ([`WeightFile`]).

mod arch;
mod backbone;
mod burn_engine;
mod engine;
mod graph;
mod layers;
mod recorder;
mod recording;
mod registry;
mod state;
mod torchvision;
mod weights;
mod weights_out;

pub use backbone::Backbone;
pub use burn_engine::{BurnEngine, cpu};
pub use engine::{Architecture, Engine};
pub use graph::{Graph, Workspace};
pub use layers::{BatchNorm, Conv2d, ConvGeometry, LayerNorm, Linear, PadMode};
pub use recording::Recording;
pub use registry::{BackboneSpec, IMAGENET_MEAN, IMAGENET_STD};
pub use state::{
    StateDict, StateMismatch, StateTensor, gradient_dict, init_state, load_state, state_dict,
};
pub use weights::{
    EMBEDDED, WeightFile, WeightsError, embedded_weights, embedded_weights_have_seen,
    parameter_count,
};
pub use weights_out::{StoredAs, to_safetensors};
