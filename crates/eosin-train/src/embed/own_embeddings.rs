//! Embeddings that were made elsewhere, of the patches of a set.

use std::ops::Range;

use eosin_data::matching::{Keys, Rule, match_rows};
use eosin_data::{Manifest, Patch};
use eosin_heads::{EmbeddingRows, HeadError};
use eosin_store::EmbeddingsRecord;

use crate::embed::embedding_error::EmbeddingsError;
use crate::embed::embedding_file::EmbeddingFile;
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};

/// A file of embeddings with the row of every patch of a manifest.
#[derive(Clone, Debug)]
pub struct OwnEmbeddings {
    file: EmbeddingFile,
    /// Row of each patch, by its place in the manifest.
    row_of: Vec<usize>,
    /// By what patches and rows were matched.
    pub rule: Rule,
}

impl OwnEmbeddings {
    /// Finds the row of every patch of `manifest` by its key. Rows of no patch are left out.
    ///
    /// # Errors
    /// When a patch has no row, a key fits several, or the label beside a row is another class than the
    /// patch's.
    pub fn of(file: EmbeddingFile, manifest: &Manifest) -> Result<Self, EmbeddingsError> {
        let beside = manifest.root.join("manifest");
        let patches = Keys {
            file: &beside,
            keys: keys_of(manifest.patches.iter().map(|patch| &patch.key)),
        };
        let table = file.record.keys.as_ref();
        let rows = Keys {
            file: table.map_or(&file.record.file, |table| &table.file),
            keys: keys_of(file.keys.iter()),
        };
        let matched = match_rows(&patches, &rows)?;
        let places = file.keys.iter().enumerate();
        let places: std::collections::BTreeMap<&str, usize> =
            places.map(|(row, key)| (key.as_str(), row)).collect();
        let row = |key: &String| places[matched.predictions[key.as_str()]];
        let this = Self {
            row_of: manifest.patches.iter().map(|p| row(&p.key)).collect(),
            rule: matched.rule,
            file,
        };
        this.refuse_other_labels(manifest)?;
        Ok(this)
    }

    /// Labels beside embeddings are not read, but those that name another class than the data do say
    /// that one of the two is wrong.
    fn refuse_other_labels(&self, manifest: &Manifest) -> Result<(), EmbeddingsError> {
        let classes = &manifest.classes;
        let other = |(patch, row): (&Patch, &usize)| {
            let label = self.label(*row, classes)?;
            let class = patch.class.filter(|class| *class != label)?;
            Some((patch.key.clone(), class, label))
        };
        let mut others = manifest.patches.iter().zip(&self.row_of).filter_map(other);
        let Some((key, class, label)) = others.next() else {
            return Ok(());
        };
        let record = self.record();
        let table = record.keys.as_ref();
        Err(EmbeddingsError::OtherLabel {
            key,
            class: classes[class].clone(),
            label: classes[label].clone(),
            of: table.map_or_else(|| record.file.clone(), |table| table.file.clone()),
            more: others.count(),
        })
    }

    /// The class that the label beside a row names, whatever its case, if it names one.
    fn label(&self, row: usize, classes: &[String]) -> Option<usize> {
        let label = self.file.labels.get(row)?.as_ref()?;
        let same = classes.iter().position(|class| class == label);
        let alike = |class: &String| class.to_lowercase() == label.trim().to_lowercase();
        same.or_else(|| classes.iter().position(alike))
    }

    /// Patches whose rows have a label that names no class of the data.
    pub fn foreign_labels(&self, classes: &[String]) -> usize {
        let labels = &self.file.labels;
        let is_foreign = |row: &&usize| {
            labels.get(**row).is_some_and(Option::is_some) && self.label(**row, classes).is_none()
        };
        self.row_of.iter().filter(is_foreign).count()
    }

    /// Every row of a file, each a patch of its own.
    pub(crate) fn of_all_rows(file: EmbeddingFile) -> Self {
        Self {
            row_of: (0..file.keys.len()).collect(),
            rule: Rule::EQUAL,
            file,
        }
    }

    /// The keys of the file, row by row.
    pub(crate) fn keys(&self) -> &[String] {
        &self.file.keys
    }

    /// See [`EmbeddingFile::key_column`].
    pub(crate) fn key_column(&self) -> &str {
        &self.file.key_column
    }

    /// See [`EmbeddingFile::unused`].
    pub fn unused(&self) -> &[String] {
        &self.file.unused
    }

    /// What a run says of the file.
    pub const fn record(&self) -> &EmbeddingsRecord {
        &self.file.record
    }

    /// Rows that are no patch's.
    pub const fn left_out(&self) -> usize {
        self.file.keys.len() - self.row_of.len()
    }

    /// The embeddings of the patches at these places of the manifest, row by row.
    pub(crate) const fn rows<'a>(&'a self, places: &'a [usize]) -> OwnRows<'a> {
        OwnRows { own: self, places }
    }
}

/// Sorted texts, each once.
fn keys_of<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut keys: Vec<&str> = keys.map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Some patches' embeddings: row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnRows<'a> {
    own: &'a OwnEmbeddings,
    /// Place of each row in the manifest.
    places: &'a [usize],
}

impl OwnRows<'_> {
    /// Writes some views of a row.
    fn copy_views(
        &self,
        row: usize,
        views: Range<usize>,
        out: &mut [f32],
    ) -> Result<(), TrainError> {
        let own = self.own;
        let row = own.row_of[self.places[row]];
        Ok(own.file.copy_views(row, views, out)?)
    }
}

impl InputSource for OwnRows<'_> {
    fn width(&self) -> usize {
        self.own.record().width
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let views = self.own.record().views;
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            let view = match draw.view {
                Some(number) => usize::try_from(number % views as u64).expect("below a count"),
                None => draw.symmetry.index(),
            };
            self.copy_views(draw.row, view..view + 1, out)?;
        }
        Ok(())
    }
}

/// Some views of patches' own embeddings, as rows of a table.
pub(crate) struct OwnViews<'a> {
    /// The patches.
    pub rows: OwnRows<'a>,
    /// Which of their views.
    pub views: Vec<usize>,
}

impl EmbeddingRows for OwnViews<'_> {
    fn patches(&self) -> usize {
        self.rows.places.len()
    }

    fn views(&self) -> usize {
        self.views.len()
    }

    fn width(&self) -> usize {
        self.rows.width()
    }

    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError> {
        // Views that lie side by side are read at once.
        let views = self.views.chunk_by(|one, next| one + 1 == *next);
        let views: Vec<Range<usize>> = views.map(|run| run[0]..run[0] + run.len()).collect();
        let wanted = range.flat_map(|row| views.iter().map(move |views| (row, views.clone())));
        let mut rest = out;
        for (row, views) in wanted {
            let out = rest
                .split_off_mut(..views.len() * self.width())
                .expect("room for every view");
            let copied = self.rows.copy_views(row, views, out);
            copied.map_err(|error| HeadError::Read(error.into()))?;
        }
        Ok(())
    }
}
