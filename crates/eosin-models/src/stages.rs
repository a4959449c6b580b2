//! Which stage a tensor belongs to.

use std::collections::{BTreeMap, BTreeSet};

use crate::backbone::Backbone;
use crate::engine::Architecture as _;
use crate::recorder::Recorder;
use crate::state::tensor_names;

/// The stage of every tensor of `network`, by name: counted as in
/// [`Architecture::stages`](crate::Architecture::stages), with what follows the last stage (pooling and classifier) under
/// their number. `size_px` is the image side that the network was made for.
pub fn stage_of_tensors(network: &Backbone, size_px: usize) -> BTreeMap<String, usize> {
    let names = tensor_names(network);
    let stages = network.stages().len();
    let (recorder, mut map) = Recorder::of_shapes([size_px, size_px, 3]);
    let mut of = BTreeMap::new();
    for stage in 0..=stages {
        if stage < stages {
            map = network.stage(&recorder, stage, map);
        } else {
            network.tail_logits(&recorder, stages, map, 0.0);
        }
        for id in recorder.take_met() {
            let Some(name) = names.get(&id.val()) else {
                continue;
            };
            // Running statistics stand beside the scale of their batch norm.
            if let Some(norm) = name.strip_suffix("weight") {
                for leaf in ["running_mean", "running_var"] {
                    of.insert(format!("{norm}{leaf}"), stage);
                }
            }
            of.insert(name.clone(), stage);
        }
    }
    // Not every norm has running statistics.
    let own: BTreeSet<&String> = names.values().collect();
    of.retain(|name, _| own.contains(name));
    of
}
