//! What a report says of slices.

use anyhow::Result;
use eosin_report::{Fact, SliceKindReport, SliceRow, SlicedPart, SlicesReport};
use eosin_store::{RunFolder, names};
use eosin_train::Part;

use super::record::{KindSlices, PartSlices, SliceRecord, SlicesRecord, WorstRecord};

/// Slices of a kind that are shown.
const SHOWN: usize = 12;

/// What `slices.json` says; `None` where a run has none.
pub(crate) fn slices_report(folder: &RunFolder) -> Result<Option<SlicesReport>> {
    if !folder.has(names::SLICES) {
        return Ok(None);
    }
    let record: SlicesRecord = folder.read_json(names::SLICES)?;
    let not = record.not_divided.iter();
    Ok(Some(SlicesReport {
        about: format!(
            "How the run does on parts of its patches, where {} counts. Look at the worst only where it is \
             more than chance: of many parts one always looks bad.",
            record.decided
        ),
        parts: record.parts.iter().map(part).collect(),
        not_divided: not
            .map(|not| Fact::new(not.kind.as_str(), not.why.clone()))
            .collect(),
    }))
}

fn part(part: &PartSlices) -> SlicedPart {
    SlicedPart {
        name: match part.part {
            Part::OutOfFold => "out of fold".to_owned(),
            Part::TestAverage => "test, fold average".to_owned(),
            other => other.to_string(),
        },
        all: part.all,
        kinds: part.kinds.iter().map(kind).collect(),
    }
}

fn kind(slices: &KindSlices) -> SliceKindReport {
    let unknown = match slices.unknown {
        0 => String::new(),
        count => format!(" Of {count} patches it is not known."),
    };
    SliceKindReport {
        kind: slices.kind.to_string(),
        note: format!(
            "Told by: {}. Intervals are by {}.{unknown}",
            slices.told_by, slices.by
        ),
        worst: slices.worst_text(),
        is_told: slices.worst.as_ref().is_some_and(WorstRecord::is_told),
        count: slices.slices.len(),
        shown: slices
            .worst_first()
            .into_iter()
            .take(SHOWN)
            .map(row)
            .collect(),
    }
}

fn row(slice: &SliceRecord) -> SliceRow {
    SliceRow {
        name: slice.name.clone(),
        too_small: slice.too_small,
        figures: slice.figures,
    }
}
