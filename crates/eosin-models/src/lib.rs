//! Backbones, their weights, and two ways to run them.
//!
//! Each architecture is written once, over [`Engine`]: [`BurnEngine`] runs it with Burn tensors for
//! training, a recorder notes it as a [`Recording`] with folded batch norms, which a [`Graph`] runs on
//! the CPU kernels. Tensors carry timm's names ([`state_dict`]), so timm's weight files load as
//! they are and torchvision's after a renaming ([`load_weights`]).

mod adapted;
mod arch;
mod backbone;
mod burn_engine;
mod embedded;
mod engine;
mod filters;
mod folding;
mod fresh;
mod graph;
mod layers;
mod load;
mod onnx;
mod position_embedding;
mod recorder;
mod recording;
mod registry;
mod spare;
mod stages;
mod state;
mod stored_network;
mod tape;
mod torchvision;

pub use backbone::Backbone;
pub use burn_engine::{BurnEngine, cpu};
pub use embedded::{EMBEDDED, embedded_weights, embedded_weights_have_seen};
pub use engine::{Architecture, Engine};
pub use fresh::{fresh_weights, init_state};
pub use graph::{Graph, Workspace};
pub use layers::{BatchNorm, Conv2d, ConvGeometry, LayerNorm, Linear, PadMode};
pub use load::{LoadError, Loaded, Naming, load_weights, network_of};
pub use onnx::{OnnxFile, OnnxInput, to_onnx};
pub use position_embedding::resample_positions;
pub use recording::Recording;
pub use registry::{BackboneSpec, IMAGENET_MEAN, IMAGENET_STD};
pub use stages::stage_of_tensors;
pub use state::{
    check_state, gradient_dict, lazy_state, load_state, parameter_count, state_dict, tensor_names,
    tensor_shapes,
};
pub use stored_network::StoredNetwork;
pub use tape::{Tape, TapeGradients};
pub use torchvision::torchvision_name;
