//! Backbones, their weights, and what is done with them.
//!
//! Each architecture is written once, as the layers that it has ([`Backbone`]). With weights
//! ([`StoredNetwork`]) it is recorded, batch norms folded into the convolutions; a [`Recording`] is
//! run by a [`Graph`], trained by a [`Tape`] and written as an ONNX file ([`to_onnx`]). Tensors carry
//! timm's names, so timm's weight files load as they are and torchvision's after a renaming
//! ([`load_weights`]).
//!
//! ```
//! use eosin_core::{BackboneName, Seed};
//! use eosin_models::{Backbone, StoredNetwork, Workspace};
//!
//! let network = Backbone::new(BackboneName::EosinMini, 2, 32);
//! let graph = StoredNetwork::fresh(network, Seed(0)).logits(32)?;
//! let image = vec![0.5; 32 * 32 * 3];
//! assert_eq!(graph.run(1, &image, &mut Workspace::default()).len(), 2);
//! # Ok::<(), eosin_weights::WeightsError>(())
//! ```

mod adapted;
mod arch;
mod architecture;
mod backbone;
mod class_maps;
mod embedded;
mod filters;
mod find;
mod folding;
mod fresh;
mod graph;
mod hires_cam;
mod layer;
mod layers;
mod load;
mod mlp;
mod naming;
mod narrow;
mod network_shape;
mod onnx;
mod origin;
mod param;
mod position_embedding;
mod recorder;
mod recording;
#[cfg(test)]
mod reference;
mod registry;
mod shape;
mod spare;
mod stages;
mod state;
mod stored_network;
mod tape;
mod torchvision;

pub use backbone::Backbone;
pub use embedded::{EMBEDDED, embedded_bytes, embedded_weights, embedded_weights_have_seen};
pub use fresh::fresh_weights;
pub use graph::{Graph, Workspace};
pub use hires_cam::{HiResCam, PlaceValues};
pub use layers::{BatchNorm, Conv2d, ConvGeometry, LayerNorm, Linear, PadMode};
pub use load::{LoadError, Loaded, load_weights, network_of};
pub use naming::Naming;
pub use onnx::{
    OnnxBranch, OnnxEnd, OnnxEnsemble, OnnxEnsembleOptions, OnnxFile, OnnxHead, OnnxInput,
    OnnxJoin, OnnxOptions, OnnxRule, ensemble_to_onnx, to_onnx,
};
pub use param::{Param, Role};
pub use position_embedding::resample_positions;
pub use recording::Recording;
pub use registry::{BackboneSpec, IMAGENET_MEAN, IMAGENET_STD};
pub use stages::stage_of_tensors;
pub use state::check_state;
pub use stored_network::StoredNetwork;
pub use tape::{BatchStatistics, MapTape, Tail, Tape, TapeGradients};
pub use torchvision::torchvision_name;
