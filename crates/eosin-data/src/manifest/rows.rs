//! Writing a manifest as a CSV file that `read_manifest` takes back.

use std::io::Write;

use super::{Layout, Manifest, Patch};

/// An optional column: its name and how to read it from a patch.
type Column = (&'static str, fn(&Patch) -> Option<&str>);

const OPTIONAL: [Column; 5] = [
    ("patient", |patch| patch.patient.as_deref()),
    ("slide", |patch| patch.slide.as_deref()),
    ("group", |patch| patch.group.as_deref()),
    ("split", |patch| patch.split.map(eosin_core::Split::as_str)),
    ("fold", |patch| patch.fold.as_deref()),
];

impl Manifest {
    /// Writes `path,label` and those of `patient,slide,group,split,fold` that any patch has, and `key`
    /// where a table has called patches otherwise. Paths are relative to the root, so the file
    /// belongs into [`root`](Self::root).
    ///
    /// # Errors
    /// When `out` refuses a write.
    pub fn write_csv<W: Write>(&self, out: W) -> Result<(), csv::Error> {
        let columns: Vec<Column> = OPTIONAL
            .into_iter()
            .filter(|(_, read)| self.patches.iter().any(|patch| read(patch).is_some()))
            .collect();
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
        let names = columns.iter().map(|(name, _)| *name);
        let key = has_keys.then_some("key");
        writer.write_record(["path", "label"].into_iter().chain(names).chain(key))?;
        for (patch, path) in self.patches.iter().zip(&paths) {
            let label = patch.class.map_or("", |class| &self.classes[class]);
            let rest = columns.iter().map(|(_, read)| read(patch).unwrap_or(""));
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
