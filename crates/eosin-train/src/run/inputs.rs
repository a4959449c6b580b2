//! The values that a run's rows enter training with: from the cache, or from a file of embeddings.

use eosin_core::config::Symmetries;
use eosin_core::{Cut, Preprocess};
use eosin_heads::EmbeddingRows;

use super::Run;
use super::cached_inputs::CachedInputs;
use super::joined_inputs::JoinedInputs;
use super::rows::Rows;
use super::sized_inputs::SizedInputs;
use crate::embed::embeddings::EmbedCount;
use crate::embed::own_embeddings::{OwnEmbeddings, OwnRows, OwnViews};
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::train::session::Session;

/// What the rows of a run enter training with, under one preprocessing.
pub(super) enum Inputs<'a> {
    /// What a frozen part of a network makes of them.
    Cached(Box<CachedInputs<'a>>),
    /// Embeddings that were made elsewhere.
    Own(OwnInputs<'a>),
    /// The same at several sizes.
    Sized(SizedInputs<'a>),
    /// What the members of an ensemble make of them.
    Joined(JoinedInputs<'a>),
}

/// A run's rows in a file of embeddings.
pub(super) struct OwnInputs<'a> {
    own: &'a OwnEmbeddings,
    pool: OwnRows<'a>,
    test: OwnRows<'a>,
}

impl Inputs<'_> {
    /// Every view of the rows of the pool that training draws from: random ones, else symmetries,
    /// else all that there are.
    pub fn all_views(&self, symmetries: Symmetries) -> Box<dyn EmbeddingRows + '_> {
        let members = symmetries.members().iter();
        let members = members.map(|member| member.index()).collect();
        match self {
            Self::Cached(inputs) => Box::new(inputs.all_views(members)),
            Self::Own(inputs) => {
                let record = inputs.own.record();
                let views = if record.are_symmetries() {
                    members
                } else {
                    (0..record.views).collect()
                };
                let rows = inputs.pool;
                Box::new(OwnViews { rows, views })
            }
            Self::Sized(inputs) => Box::new(inputs.all_views(symmetries)),
            Self::Joined(inputs) => Box::new(inputs.all_views(symmetries)),
        }
    }

    /// Where training finds the rows of the pool.
    pub fn source(&self) -> Box<dyn InputSource + '_> {
        match self {
            Self::Cached(inputs) => inputs.source(),
            Self::Own(inputs) => Box::new(inputs.pool),
            Self::Sized(inputs) => Box::new(inputs.source()),
            Self::Joined(inputs) => Box::new(inputs.source()),
        }
    }

    /// Where judging finds the test rows.
    pub fn test(&self) -> Box<dyn InputSource + '_> {
        match self {
            Self::Cached(inputs) => Box::new(&inputs.test),
            Self::Own(inputs) => Box::new(inputs.test),
            Self::Sized(inputs) => Box::new(inputs.test()),
            Self::Joined(inputs) => Box::new(inputs.test()),
        }
    }
}

impl<'r> Run<'r> {
    /// What rows enter training with before `cut` under each preprocessing, computed where the
    /// cache lacks it; embeddings that were made elsewhere are there.
    pub(super) fn inputs<'a>(
        &self,
        cut: Cut,
        rows: &'a Rows,
        preprocess: &[Preprocess],
        session: &Session<'_>,
    ) -> Result<(Vec<Inputs<'a>>, EmbedCount), TrainError>
    where
        'r: 'a,
    {
        if let Some(members) = self.start.members() {
            let (joined, count) = self.joined_inputs(members, rows, session)?;
            return Ok((vec![Inputs::Joined(joined)], count));
        }
        if let Some(own) = self.start.own() {
            let inputs = OwnInputs {
                own,
                pool: own.rows(rows.pool_places()),
                test: own.rows(rows.test_places()),
            };
            return Ok((vec![Inputs::Own(inputs)], EmbedCount::default()));
        }
        if !self.sizes_px().is_empty() {
            let (sized, count) = self.sized_inputs(rows, preprocess, session)?;
            return Ok((sized.into_iter().map(Inputs::Sized).collect(), count));
        }
        let (inputs, count) = self.cached_inputs(cut, rows, preprocess, session)?;
        let inputs = inputs.into_iter();
        let inputs = inputs.map(|inputs| Inputs::Cached(inputs.into()));
        Ok((inputs.collect(), count))
    }
}
