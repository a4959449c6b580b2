//! What the folds of a run start from.

use eosin_core::Cut;
use eosin_core::config::{TrainConfig, TrainMode};

use crate::embed::backbone::PreparedBackbone;
use crate::embed::own_embeddings::OwnEmbeddings;
use crate::ensemble::member_run::MemberRuns;
use crate::ensemble::soup_runs::SoupRuns;
use crate::error::TrainError;

/// What the names of the tensors begin with that a run on embeddings trains.
pub(crate) const OWN_CLASSIFIER: &str = "head.";

/// What the folds of a run start from.
#[derive(Debug)]
pub enum StartingPoint {
    /// A network, which makes embeddings or is trained further.
    Network(Box<PreparedBackbone>),
    /// Embeddings that were made elsewhere.
    Embeddings(OwnEmbeddings),
    /// Other runs.
    Members(MemberRuns),
    /// Other runs of one network, whose weights become one.
    Soup(Box<SoupRuns>),
}

impl From<PreparedBackbone> for StartingPoint {
    fn from(backbone: PreparedBackbone) -> Self {
        Self::Network(backbone.into())
    }
}

impl StartingPoint {
    /// The network.
    ///
    /// # Errors
    /// When there is none.
    pub fn network(&self) -> Result<&PreparedBackbone, TrainError> {
        match self {
            Self::Network(backbone) => Ok(backbone),
            Self::Soup(soup) => Ok(&soup.backbone),
            Self::Embeddings(own) => Err(TrainError::NoNetwork(own.record().file.clone())),
            Self::Members(_) => Err(no_network_of_members()),
        }
    }

    /// The members, where the run is an ensemble.
    pub const fn members(&self) -> Option<&MemberRuns> {
        match self {
            Self::Members(members) => Some(members),
            Self::Network(_) | Self::Embeddings(_) | Self::Soup(_) => None,
        }
    }

    /// The embeddings that were made elsewhere, where there are such.
    pub const fn own(&self) -> Option<&OwnEmbeddings> {
        match self {
            Self::Network(_) | Self::Members(_) | Self::Soup(_) => None,
            Self::Embeddings(own) => Some(own),
        }
    }

    /// Where the network is cut: see [`PreparedBackbone::cut`].
    ///
    /// # Errors
    /// When more is to be trained than there is.
    pub fn cut(&self, config: &TrainConfig) -> Result<Cut, TrainError> {
        match (self, config.mode) {
            (Self::Network(backbone), _) => backbone.cut(config),
            (Self::Soup(soup), _) => soup.backbone.cut(config),
            (Self::Members(_), _) | (Self::Embeddings(_), TrainMode::Probe | TrainMode::Head) => {
                Ok(Cut::Embedding)
            }
            (Self::Embeddings(own), _) => Err(TrainError::NoNetwork(own.record().file.clone())),
        }
    }

    /// What a cut is called in records.
    pub fn cut_name(&self, cut: Cut) -> &'static str {
        match self {
            Self::Network(backbone) => backbone.cut_name(cut),
            Self::Soup(soup) => soup.backbone.cut_name(cut),
            Self::Embeddings(_) | Self::Members(_) => cut.name(&[]),
        }
    }

    /// What the names of the last layer's tensors begin with.
    pub const fn classifier(&self) -> &'static str {
        match self {
            Self::Network(backbone) => backbone.spec.classifier,
            Self::Soup(soup) => soup.backbone.spec.classifier,
            Self::Embeddings(_) | Self::Members(_) => OWN_CLASSIFIER,
        }
    }

    /// Tells the weights, or the embeddings, from all others.
    pub fn hash(&self) -> String {
        match self {
            Self::Network(backbone) => backbone.weights_hash.clone(),
            Self::Embeddings(own) => own.record().hash(),
            Self::Members(members) => members.hash(),
            Self::Soup(soup) => soup.members.hash(),
        }
    }
}

/// What is said where an ensemble is asked for a network.
pub(crate) fn no_network_of_members() -> TrainError {
    TrainError::Ensemble(
        "an ensemble is no single network; 'eosin predict' takes it, and its members are in its \
         folder 'members'"
            .to_owned(),
    )
}
