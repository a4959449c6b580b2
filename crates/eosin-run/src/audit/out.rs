//! The folder that an audit is written to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_store::write_atomic;

use super::Audited;
use crate::create::{Overwrite, lies_in};
use crate::out_file::check_out_file;

/// What is written.
const FILES: [&str; 3] = ["groups.csv", "audit.html", "audit.json"];

/// Where an audit is written.
#[derive(Clone, Debug)]
pub struct AuditOut {
    dir: PathBuf,
}

impl AuditOut {
    /// A folder, looked at before anything is computed.
    ///
    /// # Errors
    /// When it holds an audit that is not to be replaced, is no folder, or lies among the patches of
    /// `data`, where its table would be read as theirs.
    pub fn new(dir: &Path, data: &Path, overwrite: Overwrite) -> Result<Self> {
        if lies_in(dir, data) {
            bail!(
                "--out {} lies in the data folder, where its table would be taken for a part of the data; \
                 name a folder elsewhere",
                dir.display()
            );
        }
        if dir.exists() && !dir.is_dir() {
            bail!("--out {} is a file; name a folder", dir.display());
        }
        if dir.is_dir() {
            for file in FILES {
                check_out_file(&dir.join(file), overwrite)?;
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    /// Writes table, page and, last, `audit.json`; gives their paths.
    ///
    /// # Errors
    /// When a file cannot be written; each is written whole or not at all.
    pub fn write(&self, audited: &Audited) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot make {}", self.dir.display()))?;
        let mut json = serde_json::to_vec_pretty(&audited.record)?;
        json.push(b'\n');
        let contents = [&audited.groups_csv, audited.page.as_bytes(), &json];
        let files = FILES.map(|file| self.dir.join(file));
        for (file, content) in files.iter().zip(contents) {
            write_atomic(file, content)?;
        }
        Ok(files.to_vec())
    }
}
