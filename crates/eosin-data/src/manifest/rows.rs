//! Writing a manifest as a CSV file that `read_manifest` takes back.

use std::io::Write;

use super::{Layout, Manifest, Patch};

/// Something that may be known of a patch beside its class.
#[derive(Clone, Copy, Debug)]
pub struct PatchColumn {
    /// What tables call it.
    pub name: &'static str,
    /// What is known of a patch.
    pub read: fn(&Patch) -> Option<&str>,
}

const OPTIONAL: [PatchColumn; 6] = [
    PatchColumn {
        name: "patient",
        read: |patch| patch.patient.as_deref(),
    },
    PatchColumn {
        name: "slide",
        read: |patch| patch.slide.as_deref(),
    },
    PatchColumn {
        name: "group",
        read: |patch| patch.group.as_deref(),
    },
    PatchColumn {
        name: "split",
        read: |patch| patch.split.map(eosin_core::Split::as_str),
    },
    PatchColumn {
        name: "fold",
        read: |patch| patch.fold.as_deref(),
    },
    PatchColumn {
        name: "site",
        read: |patch| patch.site.as_deref(),
    },
];

impl Manifest {
    /// Those of patient, slide, group, split, fold and site that are known of any patch.
    pub fn known_columns(&self) -> Vec<PatchColumn> {
        let known = |column: &PatchColumn| {
            self.patches
                .iter()
                .any(|patch| (column.read)(patch).is_some())
        };
        OPTIONAL.into_iter().filter(known).collect()
    }

    /// Writes `path,label` and those of `patient,slide,group,split,fold,site` that any patch has, and `key`
    /// where a table has called patches otherwise. Paths are relative to the root, so the file
    /// belongs into [`root`](Self::root).
    ///
    /// # Errors
    /// When `out` refuses a write.
    pub fn write_csv<W: Write>(&self, out: W) -> Result<(), csv::Error> {
        let columns = self.known_columns();
        let mut writer = csv::Writer::from_writer(out);
        let paths: Vec<String> = self
            .patches
            .iter()
            .map(|patch| self.relative_path(patch))
            .collect();
        // The datathon's keys follow from its folders; other keys are what a table said.
        let has_own_key = |(patch, path): (&Patch, &String)| patch.key != *path;
        let has_keys =
            self.layout == Layout::Manifest && self.patches.iter().zip(&paths).any(has_own_key);
        let names = columns.iter().map(|column| column.name);
        let key = has_keys.then_some("key");
        writer.write_record(["path", "label"].into_iter().chain(names).chain(key))?;
        for (patch, path) in self.patches.iter().zip(&paths) {
            let label = patch.class.map_or("", |class| &self.classes[class]);
            let rest = columns
                .iter()
                .map(|column| (column.read)(patch).unwrap_or(""));
            let key = has_keys.then_some(patch.key.as_str());
            writer.write_record([path.as_str(), label].into_iter().chain(rest).chain(key))?;
        }
        writer.flush()?;
        Ok(())
    }

    fn relative_path(&self, patch: &Patch) -> String {
        let Some(full) = patch.source.file() else {
            return patch.source.to_string();
        };
        crate::ingest::key_of(&self.root, full)
    }
}
