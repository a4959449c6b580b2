//! Reading images that a run is to answer for.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use eosin_core::Watch as _;
use eosin_core::config::ResizePolicy;
use eosin_data::{
    InspectOptions, Inspection, Manifest, NoLedger, Patches, Problem, ProblemKind, inspect,
};
use eosin_run::RunEvent;
use eosin_train::{PatchReader, decode_limits};

use crate::output::note;
use crate::terminal::{Terminal, list_all};

/// How images are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Longest side that is decoded.
    pub max_side_px: usize,
    /// Whether to go on without images that cannot be used.
    pub skip_bad: bool,
}

impl Look {
    /// Reads every image and lists all that cannot be used at once; `readers` are those of all networks.
    ///
    /// # Errors
    /// When images cannot be used and are not to be left out, or none is left.
    pub fn at<'a>(
        self,
        manifest: &Manifest,
        readers: impl Iterator<Item = &'a PatchReader>,
    ) -> Result<Patches> {
        let terminal = Terminal::default();
        let options = InspectOptions {
            decode: true,
            limits: decode_limits(self.max_side_px),
            sizes_may_differ: true,
        };
        let progress = |done, total| {
            // Nothing is lost when a bar is not drawn.
            drop(terminal.event(&RunEvent::Inspecting { done, total }));
        };
        let mut found = inspect(manifest, &options, &NoLedger, &progress);
        let inspection = &mut found.inspection;
        inspection.problems.retain(|problem| problem.kind.is_bad());
        let mut others = Vec::new();
        for reader in readers {
            others.extend(other_sizes(inspection, reader));
        }
        // Networks of one size say the same.
        others.dedup_by(|one, other| one.key == other.key && one.message == other.message);
        inspection.problems.extend(others);
        let bad: BTreeSet<String> = inspection.problems.iter().map(|p| p.key.clone()).collect();
        if let Err(error) = terminal.event(&RunEvent::Inspected(inspection)) {
            bail!("{error}");
        }
        if !bad.is_empty() {
            list_all(&inspection.problems);
            let (count, all) = (bad.len(), manifest.patches.len());
            if !self.skip_bad {
                bail!(
                    "{count} of {all} images cannot be used (listed above); mend them, or go on without \
                     them with '--skip-bad'"
                );
            }
            if count == all {
                bail!("none of {all} images can be used (listed above)");
            }
            note(&format!("going on without {count} images"));
        }
        Ok(Patches::new(manifest, found.contents, &bad))
    }
}

/// Images that do not have the size of the run and are not brought to it.
fn other_sizes(inspection: &Inspection, reader: &PatchReader) -> Vec<Problem> {
    let side = reader.size_px;
    let policy = reader.resize.map(|how| how.non_square);
    let images = inspection.images.iter().filter_map(|image| {
        let (width, height) = (image.width_px, image.height_px);
        let fits = match policy {
            None => (width, height) == (side, side),
            Some(ResizePolicy::Square) => width == height,
            Some(_) => true,
        };
        let fix = if width == height {
            "bring it to that size with '--resize square'"
        } else {
            "bring it to that size with '--resize stretch' or '--resize pad'"
        };
        (!fits).then(|| Problem {
            key: image.key.clone(),
            path: image.path.clone(),
            kind: ProblemKind::OtherSize,
            message: format!(
                "{} is {width}x{height} px, the run's patches are {side}x{side} px",
                image.key
            ),
            fix: fix.to_owned(),
        })
    });
    images.collect()
}
