//! Predictions as they are written: row by row, so that what was computed is never lost.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use eosin_core::Task;
use eosin_run::{Judgement, datathon_line};

use crate::output::{note, say};

/// How a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `path,pred,prob_<class>...`, the first column as whoever named the images calls it.
    Csv,
    /// `<key> <class>`, the key being the file's stem.
    Datathon,
    /// A JSON object.
    Json,
}

/// Where rows go.
enum Place {
    Stdout,
    /// A file that gets its name when it is complete.
    File {
        partial: BufWriter<File>,
        path: PathBuf,
    },
}

/// Writes predictions as they come.
pub struct PredictionRows<'a> {
    judgement: &'a Judgement,
    format: Format,
    /// What the first column of a table is called.
    key_column: String,
    place: Place,
    rows: usize,
}

impl<'a> PredictionRows<'a> {
    /// Rows for `out`, or standard output; tables call their first column `key_column`, or `path`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(
        judgement: &'a Judgement,
        format: Format,
        key_column: Option<String>,
        out: Option<&Path>,
    ) -> Result<Self> {
        let place = match out {
            None => Place::Stdout,
            Some(path) => {
                let partial = partial_path(path);
                let file = File::create(&partial)
                    .with_context(|| format!("cannot write {}", partial.display()))?;
                Place::File {
                    partial: BufWriter::new(file),
                    path: path.to_owned(),
                }
            }
        };
        Ok(Self {
            judgement,
            format,
            key_column: key_column.unwrap_or_else(|| "path".to_owned()),
            place,
            rows: 0,
        })
    }

    /// Writes one image's row, from the run's probabilities before calibration.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, key: &str, probs: &[f32]) -> Result<()> {
        if self.rows == 0 && self.format == Format::Csv {
            let header = header(&self.key_column, &self.judgement.task)?;
            self.line(&header)?;
        }
        self.rows += 1;
        let line = match self.format {
            Format::Csv => csv_row(self.judgement, key, probs)?,
            Format::Datathon => datathon_line(&self.judgement.task, key, probs),
            Format::Json => json_line(self.judgement, key, probs)?,
        };
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        match &mut self.place {
            Place::Stdout => say(line),
            Place::File { partial, path } => {
                writeln!(partial, "{line}")
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// Brings what was written so far to the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        if let Place::File { partial, path } = &mut self.place {
            partial
                .flush()
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        if let Place::File { partial, path } = self.place {
            let failed = || format!("cannot write {}", path.display());
            partial.get_ref().sync_all().with_context(failed)?;
            std::fs::rename(partial_path(&path), &path).with_context(failed)?;
            note(&format!(
                "{} predictions written to {}",
                self.rows,
                path.display()
            ));
        }
        Ok(())
    }

    /// What is said when the work ends early.
    pub fn left_behind(&self) -> String {
        match &self.place {
            Place::Stdout => format!("{} predictions were printed before", self.rows),
            Place::File { path, .. } => format!(
                "{} predictions so far are in {}",
                self.rows,
                partial_path(path).display()
            ),
        }
    }
}

fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn csv_line(cells: impl IntoIterator<Item = String>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    let text = String::from_utf8(writer.into_inner()?)?;
    Ok(text.trim_end_matches('\n').to_owned())
}

fn header(key_column: &str, task: &Task) -> Result<String> {
    let columns = task.classes.iter().map(|class| format!("prob_{class}"));
    csv_line(
        [key_column, "pred"]
            .map(str::to_owned)
            .into_iter()
            .chain(columns),
    )
}

fn csv_row(judgement: &Judgement, key: &str, probs: &[f32]) -> Result<String> {
    let pred = judgement.pred(probs).to_owned();
    let shown = judgement.shown(probs);
    let shown = shown.iter().map(f32::to_string);
    csv_line([key.to_owned(), pred].into_iter().chain(shown))
}

fn json_line(judgement: &Judgement, key: &str, probs: &[f32]) -> Result<String> {
    Ok(serde_json::to_string(&judgement.answer(key, probs))?)
}
