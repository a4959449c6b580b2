//! `predictions.csv.gz` of a fold: the logits of every patch that it judges.

use std::io::Read as _;
use std::path::Path;

use eosin_core::config::GroupBy;
use eosin_data::Manifest;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::error::TrainError;
use crate::judge::patch_groups::GroupNames;
use crate::predict::logits::{FoldPart, Logits};

/// Columns before the logits.
const FIXED: [&str; 7] = ["key", "part", "view", "target", "patient", "slide", "group"];
/// The patch as it is.
const UPRIGHT: &str = "0";
/// The mean of the logits over the views that patches are judged under.
const ORBIT: &str = "mean";

/// Place of the view in a row's words.
const VIEW: usize = 1;

/// One row.
struct Row {
    part: FoldPart,
    /// The columns between `part` and the logits, and the key.
    words: [String; 6],
    logits: Vec<f32>,
}

/// The predictions of one fold: logits, from which probabilities follow, with what the manifest
/// says of each patch. Numbers are written with the digits that give back the same `f32`.
pub(crate) struct FoldPredictions {
    classes: Vec<String>,
    rows: Vec<Row>,
}

/// What a fold says of a patch.
pub(crate) struct Said {
    pub key: String,
    /// The name of its class; empty where it is not known.
    pub target: String,
    pub logits: Vec<f32>,
}

/// Places of patches in the manifest, with logits.
pub(crate) struct Judged<'a> {
    pub val: Vec<usize>,
    pub test: Vec<usize>,
    pub logits: &'a Logits,
    /// Of patches as they are, where `logits` are means over several views.
    pub one_view: Option<&'a Logits>,
}

impl FoldPredictions {
    pub(crate) fn new(manifest: &Manifest, judged: &Judged<'_>) -> Self {
        let classes = manifest.classes.len();
        let mut rows = Vec::new();
        let views = match judged.one_view {
            None => vec![(UPRIGHT, judged.logits)],
            Some(one_view) => vec![(ORBIT, judged.logits), (UPRIGHT, one_view)],
        };
        let parts = views.into_iter().flat_map(|(view, logits)| {
            [
                (FoldPart::Val, &judged.val, view, &logits.val),
                (FoldPart::Test, &judged.test, view, &logits.test),
            ]
        });
        for (part, places, view, logits) in parts {
            let logits = logits.chunks_exact(classes);
            for (place, logits) in places.iter().zip(logits) {
                let patch = &manifest.patches[*place];
                let word = |word: Option<&String>| word.cloned().unwrap_or_default();
                rows.push(Row {
                    part,
                    words: [
                        patch.key.clone(),
                        view.to_owned(),
                        word(patch.class.map(|class| &manifest.classes[class])),
                        word(patch.patient.as_ref()),
                        word(patch.slide.as_ref()),
                        word(patch.group.as_ref()),
                    ],
                    logits: logits.to_vec(),
                });
            }
        }
        Self {
            classes: manifest.classes.clone(),
            rows,
        }
    }

    /// The logits that count.
    pub(crate) fn logits(&self) -> Logits {
        self.of_view(if self.has_orbit() { ORBIT } else { UPRIGHT })
    }

    /// Those of patches as they are, where those that count are others.
    pub(crate) fn one_view(&self) -> Option<Logits> {
        self.has_orbit().then(|| self.of_view(UPRIGHT))
    }

    /// What the fold says of each patch of a part, under the views that count.
    pub(crate) fn counting(&self, part: FoldPart) -> Vec<Said> {
        self.said(part, if self.has_orbit() { ORBIT } else { UPRIGHT })
    }

    /// What it says of them upright, where it is their mean over views that counts; else nothing.
    pub(crate) fn upright(&self, part: FoldPart) -> Vec<Said> {
        if self.has_orbit() {
            self.said(part, UPRIGHT)
        } else {
            Vec::new()
        }
    }

    fn said(&self, part: FoldPart, view: &str) -> Vec<Said> {
        let rows = self.rows.iter();
        let rows = rows.filter(|row| row.part == part && row.words[VIEW] == view);
        rows.map(|row| Said {
            key: row.words[0].clone(),
            target: row.words[2].clone(),
            logits: row.logits.clone(),
        })
        .collect()
    }

    /// The group of each patch that has one, by key.
    pub(crate) fn groups(&self, by: GroupBy) -> impl Iterator<Item = (&String, &String)> {
        let column = match by {
            GroupBy::Auto | GroupBy::None => None,
            GroupBy::Patient => Some(3),
            GroupBy::Slide => Some(4),
            GroupBy::Group => Some(5),
        };
        let named = move |row: &'_ Row| column.is_some_and(|at| !row.words[at].is_empty());
        let rows = self.rows.iter().filter(move |row| named(row));
        rows.map(move |row| (&row.words[0], &row.words[column.unwrap_or_default()]))
    }

    /// The patient, slide and group of each patch, by key.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&String, GroupNames)> {
        let known = |word: &String| (!word.is_empty()).then(|| word.clone());
        self.rows.iter().map(move |row| {
            let names = GroupNames {
                patient: known(&row.words[3]),
                slide: known(&row.words[4]),
                group: known(&row.words[5]),
            };
            (&row.words[0], names)
        })
    }

    /// Whether they are of these validation and test patches, in this order.
    pub(crate) fn are_of(&self, val: &[String], test: &[String]) -> bool {
        let upright = self.rows.iter().filter(|row| row.words[VIEW] == UPRIGHT);
        let keys = |part: FoldPart| {
            let rows = upright.clone().filter(move |row| row.part == part);
            rows.map(|row| &row.words[0])
        };
        keys(FoldPart::Val).eq(val) && keys(FoldPart::Test).eq(test)
    }

    fn has_orbit(&self) -> bool {
        self.rows.iter().any(|row| row.words[VIEW] == ORBIT)
    }

    fn of_view(&self, view: &str) -> Logits {
        let of = |part: FoldPart| {
            let rows = self.rows.iter();
            let rows = rows.filter(|row| row.part == part && row.words[VIEW] == view);
            rows.flat_map(|row| row.logits.iter().copied()).collect()
        };
        Logits {
            val: of(FoldPart::Val),
            test: of(FoldPart::Test),
        }
    }

    /// The content of the file: the same bytes for the same rows.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let failed = |error: &dyn std::fmt::Display| TrainError::Csv(error.to_string());
        // The default header has neither a name nor a time.
        let packed = GzEncoder::new(Vec::new(), Compression::new(6));
        let mut writer = csv::Writer::from_writer(packed);
        let logits = self.classes.iter().map(|class| format!("logit_{class}"));
        let header = FIXED.map(str::to_owned).into_iter().chain(logits);
        writer
            .write_record(header)
            .map_err(|error| failed(&error))?;
        for row in &self.rows {
            let [key, rest @ ..] = &row.words;
            let fixed = [key.clone(), row.part.word().to_owned()].into_iter();
            let fixed = fixed.chain(rest.iter().cloned());
            let record = fixed.chain(row.logits.iter().map(f32::to_string));
            writer
                .write_record(record)
                .map_err(|error| failed(&error))?;
        }
        let packed = writer.into_inner().map_err(|error| failed(&error))?;
        packed.finish().map_err(|error| failed(&error))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `path` is named in errors.
    pub(crate) fn from_bytes(
        path: &Path,
        bytes: &[u8],
        classes: &[String],
    ) -> Result<Self, TrainError> {
        let fault = |line: usize, problem: String| TrainError::Predictions {
            path: path.to_owned(),
            line,
            problem,
        };
        let mut text = String::new();
        GzDecoder::new(bytes)
            .read_to_string(&mut text)
            .map_err(|error| fault(1, error.to_string()))?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let logits = classes.iter().map(|class| format!("logit_{class}"));
        let expected: Vec<String> = FIXED.map(str::to_owned).into_iter().chain(logits).collect();
        let header = reader
            .headers()
            .map_err(|error| fault(1, error.to_string()))?;
        if !header.iter().eq(expected.iter()) {
            let expected = expected.join(",");
            return Err(fault(1, format!("the columns are not {expected}")));
        }
        let mut rows = Vec::new();
        for (index, record) in reader.records().enumerate() {
            let line = index + 2;
            let record = record.map_err(|error| fault(line, error.to_string()))?;
            rows.push(parse(&record).map_err(|problem| fault(line, problem))?);
        }
        Ok(Self {
            classes: classes.to_vec(),
            rows,
        })
    }
}

fn parse(record: &csv::StringRecord) -> Result<Row, String> {
    let text = |at: usize| record.get(at).unwrap_or_default().to_owned();
    let part = FoldPart::parse(&text(1)).ok_or_else(|| format!("'{}' is no part", text(1)))?;
    let logits = record.iter().skip(FIXED.len()).map(|word| {
        let parsed = word.parse();
        parsed.map_err(|_| format!("'{word}' is no logit"))
    });
    Ok(Row {
        part,
        words: [0, 2, 3, 4, 5, 6].map(text),
        logits: logits.collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use eosin_data::{Layout, Patch};

    use super::*;

    fn manifest() -> Manifest {
        let patch = |key: &str, class, slide: Option<&str>| Patch {
            key: key.to_owned(),
            source: std::path::PathBuf::from(key).into(),
            class,
            patient: None,
            slide: slide.map(str::to_owned),
            group: None,
            split: None,
            fold: None,
            site: None,
        };
        Manifest {
            root: "/".into(),
            layout: Layout::CLASS_FOLDERS,
            classes: vec!["benign".into(), "malignant, grade 1".into()],
            patches: vec![
                patch("a \"b\"/1,2.png", Some(1), Some("S1")),
                patch("c.png", None, None),
            ],
            notes: Vec::new(),
        }
    }

    fn logits(first: f32) -> Logits {
        Logits {
            val: vec![first, -88.5],
            test: vec![1.0e-8, f32::MAX],
        }
    }

    fn bytes(manifest: &Manifest) -> Vec<u8> {
        let judged = Judged {
            val: vec![0],
            test: vec![1],
            logits: &logits(0.1),
            one_view: Some(&logits(0.25)),
        };
        FoldPredictions::new(manifest, &judged).to_bytes().unwrap()
    }

    #[test]
    fn logits_survive_the_file_to_the_last_bit_and_it_is_always_the_same() {
        let manifest = manifest();
        let written = bytes(&manifest);
        assert_eq!(written, bytes(&manifest));
        let path = Path::new("p.csv.gz");
        let read = FoldPredictions::from_bytes(path, &written, &manifest.classes).unwrap();
        assert_eq!(read.logits(), logits(0.1));
        assert_eq!(read.one_view(), Some(logits(0.25)));
        assert_eq!(read.to_bytes().unwrap(), written);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_it() {
        let manifest = manifest();
        let written = bytes(&manifest);
        let read = |bytes: &[u8], classes: &[String]| {
            let read = FoldPredictions::from_bytes(Path::new("p.csv.gz"), bytes, classes);
            read.err()
                .map(|error| error.to_string())
                .unwrap_or_default()
        };
        assert!(read(&written[..20], &manifest.classes).starts_with("p.csv.gz, line 1"));
        let error = read(&written, &["other".to_owned()]);
        assert!(
            error.contains("the columns are not key,part,view"),
            "{error}"
        );
    }
}
