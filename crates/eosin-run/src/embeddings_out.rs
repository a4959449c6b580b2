//! Embeddings for other programs: `.npy` with a table beside it, or `.safetensors`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use eosin_data::{Manifest, Patch, PatchColumn};
use eosin_store::{write_atomic, write_atomic_with};
use eosin_train::EmbeddedPatches;
use eosin_weights::{LazyTensor, StoredAs, write_npy, write_safetensors};

use crate::create::{Overwrite, lies_in};
use crate::out_file::check_out_file;

/// The tensor of a safetensors file that holds the embeddings.
const TENSOR: &str = "embeddings";

/// Where embeddings are written, and as what.
#[derive(Clone, Debug)]
pub struct EmbeddingsOut {
    path: PathBuf,
    form: Form,
}

/// What a file of embeddings is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// An array, and the keys in a table.
    Npy { table: PathBuf },
    /// Everything in one file.
    Safetensors,
}

impl EmbeddingsOut {
    /// A file to be written, by its ending, before anything is computed.
    ///
    /// # Errors
    /// When the ending is none that is written, a file is there, its folder is not, or it would lie
    /// among the patches of `data`, where its table would be read as theirs.
    pub fn new(path: &Path, data: &Path, overwrite: Overwrite) -> Result<Self> {
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("npy") => Form::Npy {
                table: path.with_extension("csv"),
            },
            Some("safetensors") => Form::Safetensors,
            _ => bail!(
                "--out {} ends neither in .npy nor in .safetensors, which are what is written; pandas, \
                 pyarrow and h5py make Parquet or HDF5 of them",
                path.display()
            ),
        };
        if lies_in(path, data) {
            bail!(
                "--out {} lies in the data folder, where it would be taken for a part of the data; \
                 name a file elsewhere",
                path.display()
            );
        }
        let this = Self {
            path: path.to_owned(),
            form,
        };
        for file in this.files() {
            check_out_file(file, overwrite)?;
        }
        Ok(this)
    }

    /// The files that are written.
    pub fn files(&self) -> Vec<&Path> {
        match &self.form {
            Form::Npy { table } => vec![&self.path, table],
            Form::Safetensors => vec![&self.path],
        }
    }

    /// Writes the embeddings of the patches of `manifest`, piece by piece.
    ///
    /// # Errors
    /// When a file cannot be written; then what was there stays.
    pub fn write(&self, embedded: &EmbeddedPatches, manifest: &Manifest) -> Result<()> {
        let path = &self.path;
        match &self.form {
            Form::Npy { table } => {
                // The array last: a table alone is no set of embeddings.
                write_atomic(table, &table_of(manifest)?)?;
                Ok(write_atomic_with(path, |out| write_npy(out, embedded))?)
            }
            Form::Safetensors => {
                let notes = notes(embedded, manifest)?;
                Ok(write_atomic_with(path, |out| {
                    tensor_file(out, embedded, &notes)
                })?)
            }
        }
    }
}

fn tensor_file(
    out: &mut dyn io::Write,
    embedded: &EmbeddedPatches,
    notes: &BTreeMap<String, String>,
) -> io::Result<()> {
    let tensors = BTreeMap::from([(TENSOR.to_owned(), embedded as &dyn LazyTensor)]);
    write_safetensors(out, &tensors, notes, StoredAs::F32)
}

/// `key,label` and what else is known of any patch, a line a row of the array.
fn table_of(manifest: &Manifest) -> Result<Vec<u8>> {
    let columns = manifest.known_columns();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = columns.iter().map(|column| column.name);
    writer.write_record(["key", "label"].into_iter().chain(names))?;
    for patch in &manifest.patches {
        let label = patch.class.map_or("", |class| &manifest.classes[class]);
        let cells = columns
            .iter()
            .map(|column| (column.read)(patch).unwrap_or(""));
        writer.write_record([patch.key.as_str(), label].into_iter().chain(cells))?;
    }
    Ok(writer.into_inner()?)
}

/// The file's notes: texts, as the format asks; lists are JSON.
fn notes(embedded: &EmbeddedPatches, manifest: &Manifest) -> Result<BTreeMap<String, String>> {
    let recipe = &embedded.recipe;
    let mut notes = BTreeMap::from([
        (
            "eosin_version".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        ),
        ("backbone".to_owned(), recipe.backbone.to_string()),
        ("weights_blake3".to_owned(), recipe.weights_hash.clone()),
        (
            "preprocess".to_owned(),
            serde_json::to_string(&recipe.preprocess)?,
        ),
        ("recipe".to_owned(), serde_json::to_string(recipe)?),
        (
            "classes".to_owned(),
            serde_json::to_string(&manifest.classes)?,
        ),
    ]);
    let views: Vec<String> = embedded.views.iter().map(|view| view.name()).collect();
    notes.insert("views".to_owned(), serde_json::to_string(&views)?);
    let patches = &manifest.patches;
    let keys: Vec<&str> = patches.iter().map(|patch| patch.key.as_str()).collect();
    notes.insert("keys".to_owned(), serde_json::to_string(&keys)?);
    let label = |patch: &Patch| Some(&manifest.classes[patch.class?]);
    let labels: Vec<Option<&String>> = patches.iter().map(label).collect();
    notes.insert("labels".to_owned(), serde_json::to_string(&labels)?);
    for PatchColumn { name, read } in manifest.known_columns() {
        let cells: Vec<Option<&str>> = patches.iter().map(read).collect();
        notes.insert(format!("{name}s"), serde_json::to_string(&cells)?);
    }
    Ok(notes)
}
