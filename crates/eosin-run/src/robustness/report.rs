//! What a report says of robustness.

use anyhow::Result;
use eosin_data::augment::ShiftKind;
use eosin_report::{RobustnessReport, ShiftCurve, ShiftPoint};
use eosin_store::{RunFolder, RunRecord, names};

use super::record::{RobustnessRecord, ShiftRecord};

/// What `robustness.json` says; what measures it where a run has none. `None` of runs on embeddings, which have no network
/// to show other patches to.
pub(crate) fn robustness_report(
    folder: &RunFolder,
    run: &RunRecord,
) -> Result<Option<RobustnessReport>> {
    if run.embeddings().is_some() {
        return Ok(None);
    }
    if !folder.has(names::ROBUSTNESS) {
        return Ok(Some(RobustnessReport::NotMeasured {
            command: format!("eosin robustness {}", folder.dir().display()),
        }));
    }
    let record: RobustnessRecord = folder.read_json(names::ROBUSTNESS)?;
    let curves = ShiftKind::ALL.iter().map(|kind| curve(*kind, &record));
    Ok(Some(RobustnessReport::Measured {
        sentences: record.sentences(),
        metric: record.select,
        curves: curves.collect(),
    }))
}

fn curve(kind: ShiftKind, record: &RobustnessRecord) -> ShiftCurve {
    let (name, unchanged) = match kind {
        ShiftKind::Stain => ("Stain, times", 1.0),
        ShiftKind::StainColour => ("Stain colour, share of the way", 0.0),
        ShiftKind::Blur => ("Blur, px", 0.0),
        ShiftKind::Jpeg => ("JPEG quality", 100.0),
        ShiftKind::Brightness => ("Brightness, times", 1.0),
        ShiftKind::Scale => ("Scale, times", 1.0),
    };
    let of_kind = record.shifts.iter();
    let of_kind = of_kind.filter(|shift| shift.shift.kind == kind);
    let point = |shift: &ShiftRecord| ShiftPoint {
        name: shift.name.clone(),
        strength: shift.shift.strength,
        after: shift.of(record.select).and_then(|metric| metric.after),
        difference: shift.of(record.select).and_then(|metric| metric.difference),
        interval: shift.of(record.select).and_then(|metric| metric.interval),
        changed_share: shift.changed_share,
        changed_interval: shift.changed_interval,
    };
    ShiftCurve {
        name: name.to_owned(),
        unchanged,
        before: record
            .shifts
            .first()
            .and_then(|shift| shift.of(record.select)?.before),
        points: of_kind.map(point).collect(),
    }
}
