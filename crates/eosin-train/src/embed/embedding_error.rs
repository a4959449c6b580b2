//! Why embeddings that were made elsewhere cannot be used.

use std::path::PathBuf;

use eosin_core::config::Symmetries;
use eosin_data::matching::MatchError;
use eosin_data::table::TableError;
use eosin_weights::WeightsError;

/// Why a file of embeddings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingsError {
    /// It has an ending that is not read.
    #[error(
        "{path} ends neither in .safetensors nor in .npy, which are the embeddings that are read; \
         save others so: `numpy.save('embeddings.npy', array)`, with a table embeddings.csv beside it \
         that has a column 'key'"
    )]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read embeddings {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is damaged, or holds other values than floating-point numbers.
    #[error(transparent)]
    File(WeightsError),
    /// Which of its tensors are the embeddings cannot be told.
    #[error(
        "{path} has no tensor 'embeddings', and not one only that could be: those of 2 or 3 axes are \
         {found}; call the right one 'embeddings'"
    )]
    NoTensor {
        /// The file.
        path: PathBuf,
        /// The tensors that could be.
        found: String,
    },
    /// Its shape is none of embeddings.
    #[error(
        "the embeddings in {path} have the shape {shape:?}; it must be [patches, width] or [patches, \
         views, width], and nothing of it 0"
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Nothing says which row is which patch's.
    #[error(
        "nothing says which row of {path} is which patch's: put a table {} beside it, with a column \
         'key' and a line for each row", .path.with_extension("csv").display()
    )]
    NoKeys {
        /// The file.
        path: PathBuf,
    },
    /// Several tables beside it may hold the keys.
    #[error("{} and {} both could hold the keys of the embeddings: remove or rename one", .one.display(), .other.display())]
    SeveralTables {
        /// A table.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// The table of keys cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table has no column of keys.
    #[error(
        "{path} has no column 'key' (or path, filename, ...); its first line says {found}. Write the \
         name of each column there"
    )]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// What its first line says.
        found: String,
    },
    /// The file's own keys or labels are no list of texts, one a row.
    #[error(
        "the note '{note}' in {path} is no JSON list of texts, one a row ({reason}); write it with \
         `json.dumps({note})`"
    )]
    Note {
        /// The file.
        path: PathBuf,
        /// The note.
        note: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What the file says its views are is not what it has.
    #[error(
        "the note 'views' in {path} says {noted}, and the array has {views} view(s) of each patch; \
         symmetries must be all eight, in this order: {order}; mend the note or the array"
    )]
    NotedViews {
        /// The file.
        path: PathBuf,
        /// What the note says.
        noted: String,
        /// Views of the array.
        views: usize,
        /// The symmetries in their order.
        order: String,
    },
    /// A row has no key.
    #[error("{place} has no key: every row of the embeddings needs one")]
    NoKey {
        /// The row.
        place: String,
    },
    /// There are not as many keys as rows.
    #[error("{path} has {rows} rows, and there are {keys} keys in {}: one key a row", .of.display())]
    Count {
        /// The file.
        path: PathBuf,
        /// Its rows.
        rows: usize,
        /// Keys.
        keys: usize,
        /// Where the keys are.
        of: PathBuf,
    },
    /// A key stands twice.
    #[error(
        "key '{key}' stands twice in {}, for rows {first} and {second} (counted from 0): leave one row \
         out, or put views of one patch along an axis [patches, views, width]", .of.display()
    )]
    Twice {
        /// The key.
        key: String,
        /// Where the keys are.
        of: PathBuf,
        /// A row.
        first: usize,
        /// Another.
        second: usize,
    },
    /// A value is not finite.
    #[error(
        "the embedding of '{key}' in {path} holds {value}, which nothing can be learnt from; mend it, or \
         leave the row and the patch out"
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The patch.
        key: String,
        /// The value.
        value: f32,
    },
    /// Rows and patches do not belong together.
    #[error(transparent)]
    Match(#[from] MatchError),
    /// A label beside the embeddings is not the data's.
    #[error(
        "patch '{key}' is '{class}' in the data and '{label}' in {}{}: mend whichever is wrong, or leave \
         the labels out of {}, where they are not needed",
        .of.display(), and_more(*.more), .of.display()
    )]
    OtherLabel {
        /// The patch.
        key: String,
        /// Its class in the data.
        class: String,
        /// Its class beside the embeddings.
        label: String,
        /// Where that is said.
        of: PathBuf,
        /// Further such patches.
        more: usize,
    },
    /// Views are asked for that the file has not.
    #[error(
        "{key} is {symmetry}, and {path} has {views} view(s) of each patch: {}",
        fix(*.views)
    )]
    Symmetry {
        /// The key of the configuration.
        key: &'static str,
        /// What is asked for.
        symmetry: Symmetries,
        /// The file.
        path: PathBuf,
        /// Its views.
        views: usize,
    },
    /// The file does not fit the run that is to predict from it.
    #[error(
        "{path} has {views} view(s) of {width} values of each patch, and the run was trained on \
         {run_views} of {run_width}: make them with the same network and the same views"
    )]
    OtherShape {
        /// The file.
        path: PathBuf,
        /// Its views.
        views: usize,
        /// Its width.
        width: usize,
        /// The run's views.
        run_views: usize,
        /// The run's width.
        run_width: usize,
    },
    /// The run is to predict from embeddings and was not trained on any.
    #[error(
        "the run was trained on a network's own embeddings of images: give images, not '--embeddings'"
    )]
    RunOfNetwork,
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => " (and so 1 more patch)".to_owned(),
        more => format!(" (and so {more} more patches)"),
    }
}

fn fix(views: usize) -> String {
    match views {
        1 => "write '--augment none', or give the eight symmetries of the square (`eosin embed --out` \
              writes them)"
            .to_owned(),
        _ => format!(
            "only one view or eight are symmetries; write '--augment none' and leave predict.views out, \
             then all {views} are used"
        ),
    }
}
