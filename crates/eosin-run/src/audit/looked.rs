//! Every patch, decoded once more and made small.

use anyhow::Result;
use eosin_audit::{Appearance, Plane};
use eosin_data::RgbPatch;
use eosin_train::decode_limits;
use rayon::prelude::*;

use crate::event::{RunEvent, WatchRun, pulse, tell};
use crate::job::Job;

/// Patches that are decoded between two looks at whether to stop.
const TOGETHER: usize = 512;

/// What the audit knows of the pixels of each patch.
pub(super) struct Looked {
    pub planes: Vec<Plane>,
    pub appearances: Vec<Appearance>,
    /// Size of each file.
    pub bytes: Vec<usize>,
}

impl Looked {
    /// Decodes every patch.
    pub(super) fn at(job: &Job, watch: &dyn WatchRun) -> Result<Self> {
        let total = job.manifest().patches.len();
        let comparing = |done| tell(watch, &RunEvent::Comparing { done, total });
        let found = each(job, comparing, |place| {
            let patch = decoded(job, place)?;
            let bytes = job.patches.bytes(place)?.len();
            Ok((Plane::of(&patch), Appearance::of(&patch), bytes))
        });
        let mut looked = Self {
            planes: Vec::new(),
            appearances: Vec::new(),
            bytes: Vec::new(),
        };
        for (plane, appearance, bytes) in found? {
            looked.planes.push(plane);
            looked.appearances.push(appearance);
            looked.bytes.push(bytes);
        }
        Ok(looked)
    }
}

/// The planes alone; `watch` only hears that work goes on.
pub(super) fn planes(job: &Job, watch: &dyn WatchRun) -> Result<Vec<Plane>> {
    each(
        job,
        |_| pulse(watch),
        |place| Ok(Plane::of(&decoded(job, place)?)),
    )
}

/// What is seen of every patch, in order; `pulse` hears how many were looked at, and may end the work.
fn each<T: Send>(
    job: &Job,
    pulse: impl Fn(usize) -> Result<()>,
    look: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let places: Vec<usize> = (0..job.manifest().patches.len()).collect();
    let mut all = Vec::with_capacity(places.len());
    for some in places.chunks(TOGETHER) {
        pulse(some[0])?;
        let found: Result<Vec<T>> = some.par_iter().map(|place| look(*place)).collect();
        all.extend(found?);
    }
    Ok(all)
}

/// The pixels of a patch, in its own size.
pub(super) fn decoded(job: &Job, place: usize) -> Result<RgbPatch> {
    let limits = decode_limits(job.config.data.max_side_px);
    Ok(job.patches.decoded(place, &limits)?)
}
