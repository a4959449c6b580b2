//! The folder that an audit is written to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_store::{names, write_atomic};

use super::Audited;
use crate::create::{Overwrite, lies_in};
use crate::out_file::check_out_file;

/// What is written.
const FILES: [&str; 4] = [
    "groups.csv",
    "pseudo_groups.csv",
    "audit.html",
    "audit.json",
];

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
            refuse_others(dir)?;
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
        let contents = [
            Some(audited.groups_csv.as_slice()),
            audited.pseudo_csv.as_deref(),
            Some(audited.page.as_bytes()),
            Some(&json),
        ];
        let mut written = Vec::new();
        for (file, content) in FILES.into_iter().zip(contents) {
            let file = self.dir.join(file);
            match content {
                Some(content) => {
                    write_atomic(&file, content)?;
                    written.push(file);
                }
                // That of an audit before this one would be taken for this one's.
                None if file.exists() => std::fs::remove_file(&file)
                    .with_context(|| format!("cannot remove {}", file.display()))?,
                None => {}
            }
        }
        Ok(written)
    }
}

/// Refuses to take files for an audit's that have the names of some, in a folder without an audit, and to
/// mix an audit with a run.
fn refuse_others(dir: &Path) -> Result<()> {
    if dir.join(names::START).exists() || dir.join(names::RUN).exists() {
        bail!(
            "--out {} is the folder of a run; name another",
            dir.display()
        );
    }
    let [others @ .., last] = FILES;
    let there = others.iter().find(|file| dir.join(file).exists());
    match there {
        Some(file) if !dir.join(last).exists() => bail!(
            "--out {} holds '{file}' and no {last}: it is no audit's, and an audit would replace it; name \
             another folder",
            dir.display()
        ),
        _ => Ok(()),
    }
}
