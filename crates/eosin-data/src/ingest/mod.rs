//! From a folder or a table to a [`Manifest`](crate::Manifest).
//!
//! A folder is read once ([`tree`]), strays left out ([`strays`]). What its levels say
//! ([`levels`], by the words of [`vocabulary`]) decides which is the class ([`decide`]), or the
//! refusal lists the ways to read it ([`readings`]). Then [`folders`] reads it so, unless a table of
//! labels beside it ([`label_tables`]) is the better authority ([`choose`]). [`check`] holds every
//! layout to the same rules.

mod alike;
mod annotations;
mod check;
mod choose;
mod datathon;
mod decide;
mod detect;
mod error;
mod folder;
mod folder_parts;
mod folders;
mod found;
mod identify;
mod ids;
mod images;
mod label_tables;
mod levels;
mod manifest_columns;
mod manifest_file;
mod manifest_notes;
mod manifest_rows;
mod nested;
mod order;
mod predicted;
mod readings;
mod strays;
mod tree;
mod unread_tables;
mod unused_levels;
mod vocabulary;
mod words;

pub use alike::{Spelling, likeness};
pub use detect::{IngestOptions, read_manifest};
pub use error::IngestError;
pub(crate) use folder::key_of;
pub(crate) use order::natural;
pub use predicted::{ImagesFound, find_images};
pub use readings::{Reading, TableReading};
pub use strays::PICTURE_MARK;
pub(crate) use words::{is_unknown, words as plain_words};
