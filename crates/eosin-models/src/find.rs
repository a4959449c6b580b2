//! A network's tensors among those of a file: under which naming, and behind which prefix.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::BackboneName;
use eosin_weights::TensorDict;

use crate::naming::Naming;
use crate::registry::BackboneSpec;
use crate::state::Shapes;

/// Modules beside a backbone that training needs and a classifier of one's own replaces.
const HEADS: [&str; 22] = [
    "classifier",
    "contrastive_head",
    "decoder",
    "dino_head",
    "fc",
    "head",
    "heads",
    "ibot_head",
    "last_layer",
    "logit_scale",
    "mask_token",
    "momentum_projector",
    "n_averaged",
    "predictor",
    "proj_head",
    "projection",
    "projection_head",
    "projector",
    "prototypes",
    "queue",
    "queue_label",
    "queue_ptr",
];

/// Where in a file a network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub naming: Naming,
    /// What stands before all of its names, such as `module.`; mostly empty.
    pub prefix: String,
}

/// What was found in a file.
pub(crate) struct Found {
    pub place: Place,
    /// The tensors under timm's names, and what else lies behind the prefix under its own.
    pub tensors: TensorDict,
    /// Names of tensors that are none of the network's.
    pub left_out: Vec<String>,
}

/// A network is in a file more than once.
#[derive(Debug)]
pub(crate) struct Several {
    pub prefixes: Vec<String>,
}

/// A search for one network in one file.
pub(crate) struct Search<'a> {
    pub network: BackboneName,
    /// The network's tensors by name.
    pub own: &'a Shapes,
    pub tensors: &'a TensorDict,
    /// The prefix that the caller wants.
    pub prefix: Option<&'a str>,
}

/// A place, and how well the file's names there are the network's.
struct Candidate {
    place: Place,
    /// The file's name of each tensor of the network that is there: to timm's.
    names: BTreeMap<String, String>,
    /// Tensors of the network, the classifier aside, that are there.
    present: usize,
    /// Tensors of the network, the classifier aside.
    wanted: usize,
    /// Whether nothing is missing and nothing is there that would change the network.
    is_whole: bool,
}

impl Search<'_> {
    /// The one place that holds every tensor of the network, the classifier aside; where there is
    /// none, the place that holds the most of them, if more than half.
    ///
    /// # Errors
    /// When several hold all of them.
    pub(crate) fn find(&self) -> Result<Found, Several> {
        let candidates = Naming::ALL
            .into_iter()
            .flat_map(|naming| self.places(naming));
        let mut candidates: Vec<Candidate> = candidates.collect();
        // Two namings may be the same names.
        let mut seen = BTreeSet::new();
        let mut whole: Vec<&Candidate> = candidates.iter().filter(|one| one.is_whole).collect();
        whole.retain(|one| seen.insert(one.place.prefix.clone()));
        if whole.len() > 1 {
            let prefixes = whole.iter().map(|one| one.place.prefix.clone());
            return Err(Several {
                prefixes: prefixes.collect(),
            });
        }
        // A name or two are the same by chance.
        candidates.retain(|one| one.is_whole || 2 * one.present > one.wanted);
        // The earliest of equals.
        candidates.reverse();
        let best = candidates
            .into_iter()
            .max_by_key(|one| (one.is_whole, one.present));
        Ok(best.map_or_else(|| self.nowhere(), |best| self.taken(best)))
    }

    /// What the names of the classifier's tensors begin with.
    fn classifier(&self) -> &'static str {
        BackboneSpec::of(self.network).classifier
    }

    /// The prefixes behind which tensors have the network's names.
    fn places(&self, naming: Naming) -> Vec<Candidate> {
        let classifier = self.classifier();
        let mut names = BTreeMap::new();
        for key in self.own.keys() {
            match naming.name(self.network, key) {
                Some(name) => drop(names.insert(name, key.clone())),
                None if key.starts_with(classifier) => {}
                None => return Vec::new(),
            }
        }
        let body = |key: &String| !key.starts_with(classifier);
        let Some(anchor) = names
            .iter()
            .find_map(|(name, key)| body(key).then_some(name))
        else {
            return Vec::new();
        };
        let prefixes = self.tensors.keys().filter_map(|name| {
            let prefix = name.strip_suffix(anchor.as_str())?;
            (prefix.is_empty() || prefix.ends_with('.')).then_some(prefix)
        });
        let prefixes = prefixes.filter(|prefix| self.prefix.is_none_or(|wanted| wanted == *prefix));
        prefixes
            .map(|prefix| self.candidate(naming, prefix, &names))
            .collect()
    }

    fn candidate(
        &self,
        naming: Naming,
        prefix: &str,
        names: &BTreeMap<String, String>,
    ) -> Candidate {
        let classifier = self.classifier();
        let is_there = |name: &str| self.tensors.contains_key(&format!("{prefix}{name}"));
        let body = names.iter().filter(|(_, key)| !key.starts_with(classifier));
        let wanted = body.clone().count();
        let present = body.filter(|(name, _)| is_there(name)).count();
        let rest = self.tensors.keys().filter_map(|n| n.strip_prefix(prefix));
        let foreign = |name: &&str| !names.contains_key(*name) && !self.is_beside(name);
        Candidate {
            place: Place {
                naming,
                prefix: prefix.to_owned(),
            },
            names: names
                .iter()
                .map(|(name, key)| (format!("{prefix}{name}"), key.clone()))
                .collect(),
            present,
            wanted,
            is_whole: present == wanted && rest.filter(foreign).count() == 0,
        }
    }

    /// Whether a name is of a module that is replaced or not needed: a classifier of any form, or
    /// what training had beside the backbone.
    fn is_beside(&self, name: &str) -> bool {
        let first = name.split('.').next().unwrap_or(name);
        name.starts_with(self.classifier()) || HEADS.contains(&first)
    }

    fn taken(&self, candidate: Candidate) -> Found {
        let Candidate {
            place,
            names,
            is_whole,
            ..
        } = candidate;
        let classifier = self.classifier();
        let (mut tensors, mut left_out) = (TensorDict::new(), Vec::new());
        for (name, tensor) in self.tensors {
            let own = names.get(name);
            let rest = name.strip_prefix(place.prefix.as_str());
            match (own, rest) {
                (Some(own), _) => {
                    let tensor = place.naming.fitted(self.network, own, tensor, self.own);
                    tensors.insert(own.clone(), tensor);
                }
                // What does not fit is told by its name.
                (None, Some(rest)) if !is_whole || rest.starts_with(classifier) => {
                    tensors.insert(rest.to_owned(), tensor.clone());
                }
                _ => left_out.push(name.clone()),
            }
        }
        Found {
            place,
            tensors,
            left_out,
        }
    }

    /// The file as it is, none of whose names is the network's.
    fn nowhere(&self) -> Found {
        Found {
            place: Place {
                naming: Naming::Timm,
                prefix: String::new(),
            },
            tensors: self.tensors.clone(),
            left_out: Vec::new(),
        }
    }
}
