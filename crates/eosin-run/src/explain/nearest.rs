//! The training patches that are most like an image, and whether they are of the class that is said of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use eosin_core::Unwatched;
use eosin_data::{Folds, PatchSource, Patches, Resize, RgbPatch};
use eosin_store::{RunFolder, RunRecord, names};
use eosin_train::{NearPatch, NearestPatches, TrainError, decode_limits};
use serde::Serialize;

use super::out::ExplainOut;
use super::overlay::png;
use crate::create::begun_with;
use crate::job::Job;
use crate::settings::config_of_run;

/// Side of a picture in the strip.
const SHOWN_PX: usize = 128;
/// Frame around it.
const FRAME_PX: usize = 6;
/// Around the image itself, around neighbours of the class that is said of it, and around others: told apart by
/// those who see no red or no green, too.
const FRAMES: [[u8; 3]; 3] = [[128, 128, 128], [49, 104, 180], [230, 120, 30]];

/// The training patches nearest to an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearest {
    /// The class that the run decides on for the image.
    pub answer: String,
    /// How many of the neighbours are of it.
    pub agreeing: usize,
    /// Whether more than half of them are; `None` without any.
    pub agree: Option<bool>,
    /// The nearest first.
    pub neighbours: Vec<Neighbour>,
    /// The image, then its neighbours: in a blue frame those of the class that is said, in an orange one others.
    pub strip: PathBuf,
}

/// A training patch near an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Neighbour {
    /// Its key.
    pub key: String,
    /// Its class.
    pub class: String,
    /// The patient, where one is known.
    pub patient: Option<String>,
    /// One less the cosine between both embeddings.
    pub distance: f64,
}

/// Calls `with` with the training patches of a run; `resize` is how images are brought to their size.
///
/// # Errors
/// When the run is an ensemble, its patches are gone or are others, or its cache lacks their embeddings; and as
/// `with`.
pub fn with_nearest<T>(
    run: &Path,
    resize: Option<Resize>,
    with: impl FnOnce(&NearestOf<'_>) -> Result<T>,
) -> Result<T> {
    let folder = RunFolder::open(run)?;
    let record = folder.record()?;
    refuse_ensemble(run, &record)?;
    let begun = begun_with(&folder)?;
    let job = Job::open(config_of_run(&folder)?, &begun.data, &begun.hub, &Unwatched)
        .with_context(|| {
            let data = begun.data.display();
            format!("'--nearest' shows training patches, and those in {data} cannot be used")
        })?;
    if record.patches_hash != job.patches.content_hash() {
        bail!(
            "the patches in {} are no longer those of the run in {}: their names or contents differ; restore \
             them, or leave '--nearest' out",
            begun.data.display(),
            run.display()
        );
    }
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let (start, cache) = (job.start(&Unwatched)?, job.cache()?);
    let trained = job.run(&folds, &start, &cache, None);
    let found = NearestPatches::of(&trained, &record.preprocess);
    let found = found.map_err(|error| with_command(error, &begun.data, run))?;
    with(&NearestOf {
        patches: &job.patches,
        found: found.resizing(resize),
        max_side_px: record.max_side_px,
    })
}

/// What an ensemble's neighbours are depends on whose embeddings are meant.
fn refuse_ensemble(run: &Path, record: &RunRecord) -> Result<()> {
    let Some(ensemble) = record.ensemble() else {
        return Ok(());
    };
    let members = ensemble.members.iter();
    let members: Vec<&str> = members.map(|member| member.name.as_str()).collect();
    bail!(
        "{} is an ensemble, whose members each see other patches as near: ask one of them with '--nearest' ({})",
        run.display(),
        members.join(", ")
    )
}

/// Says what computes embeddings that the cache lacks.
fn with_command(error: TrainError, data: &Path, run: &Path) -> anyhow::Error {
    let is_lacking = matches!(error, TrainError::NotCached { .. });
    let error = anyhow::Error::from(error);
    if !is_lacking {
        return error;
    }
    error.context(format!(
        "'--nearest' needs embeddings, which 'eosin embed --data {} --config {}' computes",
        data.display(),
        run.join(names::CONFIG).display()
    ))
}

/// The training patches of a run.
pub struct NearestOf<'a> {
    patches: &'a Arc<Patches>,
    found: NearestPatches<'a>,
    max_side_px: usize,
}

impl NearestOf<'_> {
    /// Training patches that there are.
    pub const fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The `count` nearest to the image at `place`, and a strip of their pictures.
    ///
    /// # Errors
    /// When the image or a neighbour cannot be read, or the strip not be written.
    pub fn find(&self, asked: &NearestAsked<'_>, out: &ExplainOut) -> Result<Nearest> {
        let images = asked.images;
        let source = PatchSource::Bytes {
            name: images.name(asked.place),
            bytes: images.bytes(asked.place)?,
        };
        let near = self.found.nearest(&source, asked.count)?;
        let manifest = self.patches.manifest();
        let class = |near: &NearPatch| {
            let class = manifest.patches[near.place].class;
            class.map_or_else(String::new, |class| manifest.classes[class].clone())
        };
        let neighbours: Vec<Neighbour> = near
            .iter()
            .map(|near| Neighbour {
                key: manifest.patches[near.place].key.clone(),
                class: class(near),
                patient: manifest.patches[near.place].patient.clone(),
                distance: near.distance,
            })
            .collect();
        let agrees = |neighbour: &Neighbour| neighbour.class == asked.answer;
        let limits = decode_limits(self.max_side_px);
        let mut shown = vec![(images.decoded(asked.place, &limits)?, FRAMES[0])];
        for (near, neighbour) in near.iter().zip(&neighbours) {
            let frame = if agrees(neighbour) {
                FRAMES[1]
            } else {
                FRAMES[2]
            };
            shown.push((self.patches.decoded(near.place, &limits)?, frame));
        }
        let key = &images.manifest().patches[asked.place].key;
        let agreeing = neighbours.iter().filter(|one| agrees(one)).count();
        Ok(Nearest {
            answer: asked.answer.to_owned(),
            agreeing,
            agree: (!neighbours.is_empty()).then_some(2 * agreeing > neighbours.len()),
            strip: out.write_strip(key, &strip(shown)?)?,
            neighbours,
        })
    }
}

/// An image whose neighbours are wanted.
pub struct NearestAsked<'a> {
    /// The images.
    pub images: &'a Patches,
    /// Its place among them.
    pub place: usize,
    /// How many neighbours.
    pub count: usize,
    /// The class that is said of it.
    pub answer: &'a str,
}

/// Pictures side by side, each in its frame.
fn strip(pictures: Vec<(RgbPatch, [u8; 3])>) -> Result<Vec<u8>> {
    let cell = SHOWN_PX + 2 * FRAME_PX;
    let width = cell * pictures.len();
    let mut pixels = vec![[255_u8; 3]; width * cell];
    for (at, (patch, frame)) in pictures.into_iter().enumerate() {
        let shown = small(&patch);
        for row in 0..cell {
            for column in 0..cell {
                let inside = row
                    .checked_sub(FRAME_PX)
                    .zip(column.checked_sub(FRAME_PX))
                    .filter(|(row, column)| *row < SHOWN_PX && *column < SHOWN_PX);
                pixels[row * width + at * cell + column] = match inside {
                    Some((row, column)) => shown[row * SHOWN_PX + column],
                    None => frame,
                };
            }
        }
    }
    png(pixels.as_flattened(), width, cell)
}

/// The patch as a square of 128 pixels: means of the pixels that fall together, or the nearest where there are fewer.
fn small(patch: &RgbPatch) -> Vec<[u8; 3]> {
    let pixels = patch.pixels.as_chunks::<3>().0;
    let range = |at: usize, side: usize| {
        let from = at * side / SHOWN_PX;
        from..((at + 1) * side / SHOWN_PX).max(from + 1)
    };
    let mean = |row: usize, column: usize| -> [u8; 3] {
        let (rows, columns) = (range(row, patch.height_px), range(column, patch.width_px));
        let mut sums = [0_usize; 3];
        let count = rows.len() * columns.len();
        for row in rows {
            for column in columns.clone() {
                for (sum, value) in sums.iter_mut().zip(pixels[row * patch.width_px + column]) {
                    *sum += usize::from(value);
                }
            }
        }
        sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX))
    };
    let rows = 0..SHOWN_PX;
    rows.flat_map(|row| (0..SHOWN_PX).map(move |column| (row, column)))
        .map(|(row, column)| mean(row, column))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_shows_each_picture_in_its_frame_whatever_its_size() {
        let pictures = vec![
            (RgbPatch::filled(40, 40, [10, 20, 30]), FRAMES[0]),
            (RgbPatch::filled(300, 200, [200, 100, 50]), FRAMES[2]),
        ];
        let bytes = strip(pictures).expect("a picture");
        let shown = image::load_from_memory(&bytes)
            .expect("a picture")
            .to_rgb8();
        assert_eq!(shown.dimensions(), (280, 140));
        assert_eq!(shown.get_pixel(2, 70).0, FRAMES[0]);
        assert_eq!(shown.get_pixel(70, 70).0, [10, 20, 30]);
        assert_eq!(shown.get_pixel(142, 70).0, FRAMES[2]);
        assert_eq!(shown.get_pixel(210, 70).0, [200, 100, 50]);
    }
}
