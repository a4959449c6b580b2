//! An ensemble as the networks and the combination that other programs can run.

use std::collections::BTreeMap;

use eosin_core::config::{EnsembleMethod, HeadKind, Symmetries};
use eosin_core::{D4, FoldId};
use eosin_models::{
    OnnxBranch, OnnxEnd, OnnxEnsemble, OnnxHead, OnnxInput, OnnxJoin, StoredNetwork,
};
use eosin_store::{EnsembleRecord, RunFolder, RunRecord, WeightStore};

use crate::embed::backbone::tensors_hash;
use crate::error::TrainError;
use crate::model::classifier::{Classifier, Named};
use crate::model::head::Head;
use crate::predict::fold_network::{
    FoldNetwork, frozen_tensors, has_mean, network_of, read_weights,
};
use crate::predict::member_predictor::{combiner, heads, member_folders};
use crate::predict::onnx_rule::rule;
use crate::predict::predictions::mean_of;
use crate::predict::predictor::UseFolds;

/// What an exported ensemble is fed, and what it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnsembleInput {
    /// Who scales pixels.
    pub pixels: PixelScaling,
    /// The views of an image.
    pub views: ViewsInGraph,
}

/// Who scales pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelScaling {
    /// Each network in the graph, as it was trained to.
    InGraph,
    /// The caller, for all networks alike.
    ByCaller,
}

/// Which views of an image a graph looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewsInGraph {
    /// Those that the run is judged under.
    Judged,
    /// The image as it is.
    One,
}

/// An ensemble as networks, and how what they say becomes one.
pub struct EnsembleNetwork {
    /// The networks and their combination.
    pub onnx: OnnxEnsemble,
    /// Side in pixels that all networks are run at.
    pub size_px: usize,
    /// What the file says of itself.
    pub notes: BTreeMap<String, String>,
}

impl EnsembleNetwork {
    /// Loads what some folds of the ensemble in `folder` predict with.
    ///
    /// # Errors
    /// When a file is missing or damaged; and where one graph cannot say what the ensemble says: of
    /// rank means, neighbours, embeddings that were made elsewhere, members that see images at other
    /// sizes, or that are scaled in other ways where the caller is to scale.
    pub fn load(
        folder: &RunFolder,
        store: &WeightStore,
        folds: UseFolds,
        input: EnsembleInput,
    ) -> Result<Self, TrainError> {
        let record = &folder.record()?;
        let Some(ensemble) = record.ensemble() else {
            return Err(TrainError::Ensemble("the run is no ensemble".to_owned()));
        };
        refuse_rank(ensemble)?;
        let members = Members::open(folder, ensemble)?;
        let size_px = members.one_size()?;
        if input.pixels == PixelScaling::ByCaller {
            members.refuse_other_scales()?;
        }
        let ids = folds.of(record);
        let is_concat = ensemble.method == EnsembleMethod::Concat;
        let branches = members.all.iter().map(|member| {
            let looks = if is_concat { record } else { &member.record };
            let wanted = Wanted {
                folds: &ids,
                input: input.pixels,
                views: match input.views {
                    ViewsInGraph::One => Symmetries::None.members(),
                    // Embeddings that lie side by side are of the same views.
                    ViewsInGraph::Judged => looks.views.members(),
                },
            };
            if is_concat {
                Ok(vec![member.embedding(store, &wanted)?])
            } else {
                member.branches(store, &wanted)
            }
        });
        let branches = branches.collect::<Result<Vec<_>, TrainError>>()?;
        let join = if is_concat {
            let runs: Vec<&RunRecord> = members.all.iter().map(|one| &one.record).collect();
            OnnxJoin::Head(mean_head(&heads(folder, record, &runs, &ids)?)?)
        } else {
            let combiners = ids.iter().map(|fold| combiner(folder, *fold));
            OnnxJoin::Combined(rule(&combiners.collect::<Result<Vec<_>, TrainError>>()?)?)
        };
        Ok(Self {
            onnx: OnnxEnsemble {
                members: branches,
                join,
                folds: ids.len(),
                classes: record.classes.len(),
            },
            size_px,
            notes: notes(record, ensemble, folds),
        })
    }
}

fn refused(why: String) -> TrainError {
    TrainError::Ensemble(why)
}

fn refuse_rank(ensemble: &EnsembleRecord) -> Result<(), TrainError> {
    if ensemble.method == EnsembleMethod::Rank {
        return Err(refused(
            "a mean of ranks (method rank) reads each member's ranks off a table of its own, which no model \
             file holds: 'eosin predict' uses it, and an ensemble by another '--method' can be exported"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The members in an ensemble's own folder.
struct Members {
    all: Vec<Member>,
}

struct Member {
    name: String,
    folder: RunFolder,
    record: RunRecord,
}

/// What is wanted of a member.
struct Wanted<'a> {
    folds: &'a [FoldId],
    input: PixelScaling,
    views: &'static [D4],
}

impl Members {
    fn open(folder: &RunFolder, ensemble: &EnsembleRecord) -> Result<Self, TrainError> {
        let mut all = Vec::new();
        let folders = member_folders(folder, ensemble)?;
        for (own, member) in folders.into_iter().zip(&ensemble.members) {
            let record = own.record()?;
            let name = member.name.clone();
            if member.on_embeddings {
                return Err(refused(format!(
                    "the member {name} was trained on the embeddings in {}, so there is no network of it \
                     to export",
                    member.start
                )));
            }
            if record.head == HeadKind::Knn {
                return Err(refused(format!(
                    "the member {name} has a knn head, which is its training patches themselves: no model \
                     file holds it; 'eosin predict' uses it"
                )));
            }
            all.push(Member {
                name,
                folder: own,
                record,
            });
        }
        Ok(Self { all })
    }

    /// A graph that resizes would not give the pixels that eosin's rounding gives.
    fn one_size(&self) -> Result<usize, TrainError> {
        let size = self.all[0].record.size_px();
        let sizes_of = |record: &RunRecord| {
            let others = record.other_sizes.iter().map(|other| other.size_px);
            std::iter::once(record.size_px())
                .chain(others)
                .collect::<Vec<_>>()
        };
        if self.all.iter().all(|one| sizes_of(&one.record) == [size]) {
            return Ok(size);
        }
        let sizes = self.all.iter().map(|one| {
            let px = sizes_of(&one.record).into_iter().map(|px| px.to_string());
            let px: Vec<String> = px.collect();
            format!("{} at {} px", one.name, px.join(" and "))
        });
        Err(refused(format!(
            "the members see patches at other sizes ({}), and one graph takes one: a resize inside it would \
             not give eosin's pixels; 'eosin predict' uses the ensemble, or export one of members of one \
             '--size'",
            sizes.collect::<Vec<_>>().join(", ")
        )))
    }

    fn refuse_other_scales(&self) -> Result<(), TrainError> {
        let scales = self.all.iter().flat_map(|one| {
            let scales = one.record.preprocess.iter();
            scales.map(move |preprocess| (&one.name, &preprocess.scale))
        });
        let scales: Vec<_> = scales.collect();
        let (first, scale) = scales[0];
        match scales.iter().find(|(_, other)| *other != scale) {
            None => Ok(()),
            Some((other, _)) => Err(refused(format!(
                "{first} and {other} scale pixels in other ways (or from fold to fold), so nobody can do it \
                 for all of them: add '--pixels', and the graph scales for each"
            ))),
        }
    }
}

impl Member {
    /// Its networks, whose logits of all folds follow each other.
    fn branches(
        &self,
        store: &WeightStore,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<OnnxBranch>, TrainError> {
        if has_mean(&self.record) {
            let mut branch = self.embedding(store, wanted)?;
            branch.end = OnnxEnd::Heads(self.heads(wanted.folds)?);
            return Ok(vec![branch]);
        }
        let frozen = frozen_tensors(&self.folder, &self.record, store)?;
        let fold = |fold: &FoldId| {
            let network = FoldNetwork::of(&self.folder, &self.record, &frozen, *fold)?;
            Ok(branch_of(network, wanted))
        };
        wanted.folds.iter().map(fold).collect()
    }

    /// The part of it that all its folds share.
    fn embedding(
        &self,
        store: &WeightStore,
        wanted: &Wanted<'_>,
    ) -> Result<OnnxBranch, TrainError> {
        let frozen = frozen_tensors(&self.folder, &self.record, store)?;
        let fold = FoldNetwork::of(&self.folder, &self.record, &frozen, wanted.folds[0])?;
        let network = network_of(&self.record)?;
        let scale = &fold.preprocess.scale;
        // Two runs of one frozen network, that see the same: it is written once.
        let shared = format!(
            "{} {} {scale:?} {:?}",
            network.backbone,
            tensors_hash(&network.weights_hash, &network.tensors),
            wanted.views,
        );
        Ok(OnnxBranch {
            end: OnnxEnd::Embedding,
            shared: Some(shared),
            ..branch_of(fold, wanted)
        })
    }

    /// The last layers of its folds, one below the other.
    fn heads(&self, folds: &[FoldId]) -> Result<OnnxHead, TrainError> {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for fold in folds {
            let file = read_weights(&self.folder, *fold)?;
            let network = network_of(&self.record)?;
            let named = Named {
                tensors: &file.tensors,
                classifier: &network.classifier,
            };
            let spec = eosin_models::BackboneSpec::of(network.backbone);
            let own = Classifier::of_run(&self.record, spec.embedding_width, &named)?;
            let own = layer_of(&own)?;
            weight.extend(own.weight);
            bias.extend(own.bias);
        }
        Ok(OnnxHead { weight, bias })
    }
}

fn branch_of(fold: FoldNetwork, wanted: &Wanted<'_>) -> OnnxBranch {
    let FoldNetwork {
        network,
        preprocess,
        ..
    } = fold;
    let network: StoredNetwork = network;
    OnnxBranch {
        network,
        input: match wanted.input {
            PixelScaling::ByCaller => OnnxInput::Scaled,
            PixelScaling::InGraph => OnnxInput::Pixels {
                mean: preprocess.scale.mean,
                std: preprocess.scale.std,
            },
        },
        views: wanted.views,
        end: OnnxEnd::Logits,
        shared: None,
    }
}

/// The one layer of a head.
fn layer_of(classifier: &Classifier) -> Result<OnnxHead, TrainError> {
    match classifier {
        Classifier::Layers(Head { widths, values }) if widths.len() == 2 => {
            let (weight, bias) = values.split_at(widths[0] * widths[1]);
            Ok(OnnxHead {
                weight: weight.to_vec(),
                bias: bias.to_vec(),
            })
        }
        _ => Err(TrainError::NoMeanNetwork),
    }
}

/// The layer whose logits are the mean of those of several.
fn mean_head(heads: &[Classifier]) -> Result<OnnxHead, TrainError> {
    let layers = heads.iter().map(layer_of);
    let layers = layers.collect::<Result<Vec<_>, TrainError>>()?;
    let mean = |part: fn(&OnnxHead) -> &Vec<f32>| {
        mean_of(
            &layers
                .iter()
                .map(|one| part(one).clone())
                .collect::<Vec<_>>(),
        )
    };
    Ok(OnnxHead {
        weight: mean(|one| &one.weight),
        bias: mean(|one| &one.bias),
    })
}

fn notes(
    record: &RunRecord,
    ensemble: &EnsembleRecord,
    folds: UseFolds,
) -> BTreeMap<String, String> {
    let note = |key: &str, value: String| (key.to_owned(), value);
    let members = ensemble.members.iter();
    let members: Vec<String> = members
        .map(|one| format!("{} ({}, run.json {})", one.name, one.start, one.blake3))
        .collect();
    BTreeMap::from([
        note("ensemble", ensemble.method.to_string()),
        note("members", members.join("; ")),
        note("classes", record.classes.join(",")),
        note("eosin_version", env!("CARGO_PKG_VERSION").to_owned()),
        note(
            "fold",
            match folds {
                UseFolds::Average => "mean".to_owned(),
                UseFolds::One(fold) => fold.to_string(),
            },
        ),
    ])
}
