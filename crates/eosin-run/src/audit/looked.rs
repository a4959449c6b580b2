//! Every patch, decoded once more and made small.

use anyhow::Result;
use eosin_audit::{Appearance, Plane};
use eosin_data::{RgbPatch, decode_rgb_bytes};
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
        let places: Vec<usize> = (0..job.manifest().patches.len()).collect();
        let mut looked = Self {
            planes: Vec::new(),
            appearances: Vec::new(),
            bytes: Vec::new(),
        };
        for some in places.chunks(TOGETHER) {
            tell(
                watch,
                &RunEvent::Comparing {
                    done: some[0],
                    total: places.len(),
                },
            )?;
            let look = |place: &usize| {
                let bytes = job.patches.bytes(*place)?;
                let patch = decoded_bytes(job, *place, &bytes)?;
                Ok((Plane::of(&patch), Appearance::of(&patch), bytes.len()))
            };
            let found: Result<Vec<(Plane, Appearance, usize)>> =
                some.par_iter().map(look).collect();
            for (plane, appearance, bytes) in found? {
                looked.planes.push(plane);
                looked.appearances.push(appearance);
                looked.bytes.push(bytes);
            }
        }
        Ok(looked)
    }
}

/// The planes alone; `watch` only hears that work goes on.
pub(super) fn planes(job: &Job, watch: &dyn WatchRun) -> Result<Vec<Plane>> {
    let places: Vec<usize> = (0..job.manifest().patches.len()).collect();
    let mut planes = Vec::with_capacity(places.len());
    for some in places.chunks(TOGETHER) {
        pulse(watch)?;
        let look = |place: &usize| Ok(Plane::of(&decoded(job, *place)?));
        let found: Result<Vec<Plane>> = some.par_iter().map(look).collect();
        planes.extend(found?);
    }
    Ok(planes)
}

/// The pixels of a patch, in its own size.
pub(super) fn decoded(job: &Job, place: usize) -> Result<RgbPatch> {
    decoded_bytes(job, place, &job.patches.bytes(place)?)
}

fn decoded_bytes(job: &Job, place: usize, bytes: &[u8]) -> Result<RgbPatch> {
    let limits = decode_limits(job.config.data.max_side_px);
    Ok(decode_rgb_bytes(bytes, &job.patches.name(place), &limits)?)
}
