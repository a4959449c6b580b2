//! The embeddings of an ensemble's members, one beside the other.

use std::ops::Range;

use eosin_core::Cut;
use eosin_core::config::Symmetries;
use eosin_heads::{EmbeddingRows, HeadError};

use super::Run;
use super::inputs::Inputs;
use super::rows::Rows;
use crate::embed::embeddings::EmbedCount;
use crate::ensemble::member_run::{MemberRun, MemberRuns};
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::train::session::Session;

/// What each member makes of the same rows.
pub(super) struct JoinedInputs<'a> {
    members: Vec<Inputs<'a>>,
}

impl<'a> JoinedInputs<'a> {
    /// Those of each member.
    pub fn members(&self) -> &[Inputs<'a>] {
        &self.members
    }

    /// See [`Inputs::all_views`].
    pub fn all_views(&self, symmetries: Symmetries) -> JoinedRows<'_> {
        let members = self.members.iter();
        JoinedRows {
            members: members.map(|inputs| inputs.all_views(symmetries)).collect(),
        }
    }

    /// See [`Inputs::source`].
    pub fn source(&self) -> JoinedSource<'_> {
        let members = self.members.iter().map(Inputs::source);
        JoinedSource {
            members: members.collect(),
        }
    }

    /// See [`Inputs::test`].
    pub fn test(&self) -> JoinedSource<'_> {
        let members = self.members.iter().map(Inputs::test);
        JoinedSource {
            members: members.collect(),
        }
    }
}

/// Views of each patch as rows of a table, the members' values one after the other.
pub(super) struct JoinedRows<'a> {
    members: Vec<Box<dyn EmbeddingRows + 'a>>,
}

impl EmbeddingRows for JoinedRows<'_> {
    fn patches(&self) -> usize {
        self.members[0].patches()
    }

    fn views(&self) -> usize {
        self.members[0].views()
    }

    fn width(&self) -> usize {
        self.members.iter().map(|member| member.width()).sum()
    }

    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError> {
        let (rows, width) = (range.len() * self.views(), self.width());
        let mut first = 0;
        for member in &self.members {
            let mut values = vec![0.0; rows * member.width()];
            member.fill(range.clone(), &mut values)?;
            lay_beside(&values, member.width(), first, out, width);
            first += member.width();
        }
        Ok(())
    }
}

/// Values that heads are judged on, the members' one after the other.
pub(super) struct JoinedSource<'a> {
    members: Vec<Box<dyn InputSource + 'a>>,
}

impl InputSource for JoinedSource<'_> {
    fn width(&self) -> usize {
        self.members.iter().map(|member| member.width()).sum()
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let width = self.width();
        let mut first = 0;
        for member in &self.members {
            let mut values = vec![0.0; draws.len() * member.width()];
            member.fill(draws, &mut values)?;
            lay_beside(&values, member.width(), first, out, width);
            first += member.width();
        }
        Ok(())
    }
}

/// Copies rows of `own` values to column `first` of rows of `width`.
fn lay_beside(values: &[f32], own: usize, first: usize, out: &mut [f32], width: usize) {
    for (values, row) in values.chunks_exact(own).zip(out.chunks_exact_mut(width)) {
        row[first..first + own].copy_from_slice(values);
    }
}

impl<'r> Run<'r> {
    /// The embeddings of all members, computed where the cache lacks them.
    pub(super) fn joined_inputs<'a>(
        &self,
        members: &'r MemberRuns,
        rows: &'a Rows,
        session: &Session<'_>,
    ) -> Result<(JoinedInputs<'a>, EmbedCount), TrainError>
    where
        'r: 'a,
    {
        let (mut all, mut count) = (Vec::new(), EmbedCount::default());
        for member in &members.members {
            let (inputs, of_member) = self.inputs_of(member, rows, session)?;
            all.extend(inputs);
            count.found += of_member.found;
            count.computed += of_member.computed;
        }
        Ok((JoinedInputs { members: all }, count))
    }

    fn inputs_of<'a>(
        &self,
        member: &'r MemberRun,
        rows: &'a Rows,
        session: &Session<'_>,
    ) -> Result<(Vec<Inputs<'a>>, EmbedCount), TrainError>
    where
        'r: 'a,
    {
        let start = member.start.as_ref().ok_or_else(|| {
            TrainError::Ensemble(format!("{} was opened without its embeddings", member.name))
        })?;
        let preprocess = member.record.preprocess.as_slice();
        let run = Run {
            config: &member.config,
            start,
            size_px: preprocess.first().map_or(0, |first| first.size_px),
            folder: None,
            ..*self
        };
        run.inputs(Cut::Embedding, rows, preprocess, session)
    }
}
