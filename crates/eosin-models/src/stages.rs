//! Which stage a tensor belongs to.

use std::collections::BTreeMap;

use crate::backbone::Backbone;
use crate::recorder::Recorder;

/// The stage of every tensor of `network`, by name: counted as in [`Backbone::stages`], with what
/// follows the last stage (pooling and classifier) under their number. `size_px` is the image side
/// that the network was made for.
pub fn stage_of_tensors(network: &Backbone, size_px: usize) -> BTreeMap<String, usize> {
    let (recorder, images) = Recorder::of_shapes([size_px, size_px, 3]);
    network.tail_logits(&recorder, 0, images, 0.0);
    recorder.into_met().into_iter().collect()
}
