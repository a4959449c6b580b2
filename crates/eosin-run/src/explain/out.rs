//! The folder that explanations are written to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_store::{write_atomic, write_atomic_with};
use eosin_train::ClassMap;
use eosin_weights::{StateTensor, write_npy};

use super::Explanations;
use crate::create::Overwrite;
use crate::out_file::check_out_file;

/// What lists all explanations; written last.
const LIST: &str = "explain.json";

/// Where explanations are written.
#[derive(Clone, Debug)]
pub struct ExplainOut {
    dir: PathBuf,
    /// The folders that all keys are in, which file names leave out.
    above: String,
}

/// The files of an explanation.
pub(super) struct Written {
    pub overlay: PathBuf,
    pub map: PathBuf,
}

impl ExplainOut {
    /// A folder, looked at before anything is computed.
    ///
    /// # Errors
    /// When it is a file, holds other things, or explanations that are not to be replaced.
    pub fn new(dir: &Path, overwrite: Overwrite) -> Result<Self> {
        if dir.exists() && !dir.is_dir() {
            bail!("--out {} is a file; name a folder", dir.display());
        }
        let list = dir.join(LIST);
        if dir.is_dir() {
            check_out_file(&list, overwrite)?;
            let mut entries =
                std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
            if !list.exists() && entries.next().is_some() {
                bail!(
                    "--out {} is a folder of something else: it has no {LIST}; name a new folder",
                    dir.display()
                );
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            above: String::new(),
        })
    }

    /// Makes the folder, with a list of nothing: whoever is ended early leaves a folder that may be replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self) -> Result<()> {
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot make {}", self.dir.display()))?;
        self.finish(&Explanations {
            images: Vec::new(),
            sanity: None,
        })?;
        Ok(())
    }

    /// For patches of these keys: files lie as the patches do below the folder that all are in.
    #[must_use]
    pub fn for_keys<'a>(mut self, keys: impl Iterator<Item = &'a str> + Clone) -> Self {
        let folder = |key: &'a str| key.rfind('/').map_or("", |end| &key[..=end]);
        let mut above = keys.clone().next().map_or("", folder);
        for key in keys {
            while !key.starts_with(above) {
                above = folder(above.trim_end_matches('/'));
            }
        }
        above.clone_into(&mut self.above);
        self
    }

    /// Writes picture and map of a patch.
    pub(super) fn write(
        &self,
        key: &str,
        member: Option<&str>,
        png: &[u8],
        map: &ClassMap,
    ) -> Result<Written> {
        let member = member.map_or_else(String::new, |member| {
            format!(".{}", member.replace(['/', '\\'], "-"))
        });
        let overlay = self.place(key, &format!("{member}.overlay.png"))?;
        let to = self.place(key, &format!("{member}.map.npy"))?;
        write_atomic(&overlay, png)?;
        let tensor = StateTensor {
            shape: vec![map.height, map.width, map.classes],
            values: map.values.clone(),
        };
        write_atomic_with(&to, |out| write_npy(out, &tensor))?;
        Ok(Written { overlay, map: to })
    }

    /// Where a file of a patch is written; the folder is made.
    fn place(&self, key: &str, ending: &str) -> Result<PathBuf> {
        // A key may be a path from anywhere; it stays below the folder.
        let below: Vec<&str> = key[self.above.len()..]
            .split(['/', '\\'])
            .filter(|part| !matches!(*part, "" | "." | ".."))
            .collect();
        let place = self.dir.join(format!("{}{ending}", below.join("/")));
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(place)
    }

    /// Writes the picture of a patch and its neighbours; gives its path.
    pub(super) fn write_strip(&self, key: &str, png: &[u8]) -> Result<PathBuf> {
        let strip = self.place(key, ".nearest.png")?;
        write_atomic(&strip, png)?;
        Ok(strip)
    }

    /// Writes the list of all; gives its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, all: &Explanations) -> Result<PathBuf> {
        let mut json = serde_json::to_vec_pretty(all)?;
        json.push(b'\n');
        let list = self.dir.join(LIST);
        write_atomic(&list, &json)?;
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_below_the_folder_that_all_patches_are_in() {
        let dir = tempfile::tempdir().expect("a folder");
        let above = |keys: &[&'static str]| {
            let out = ExplainOut::new(&dir.path().join("new"), Overwrite::Refuse);
            out.expect("a new folder")
                .for_keys(keys.iter().copied())
                .above
        };
        assert_eq!(above(&["a/b/one.png", "a/b/two.png"]), "a/b/");
        assert_eq!(above(&["a/b/one.png", "a/bc/two.png"]), "a/");
        assert_eq!(above(&["/a/one.png", "b/two.png"]), "");
        assert_eq!(above(&["one.png"]), "");
    }
}
