//! One picture under several labels.

use std::collections::BTreeMap;

use super::ImageInfo;
use super::shortcuts::class_of_keys;
use crate::listed::{counted, listed};
use crate::manifest::Manifest;

/// Says which files hold the same bytes and have different labels; nothing where contents were not
/// read.
pub(super) fn contradictions(manifest: &Manifest, images: &[ImageInfo]) -> Option<String> {
    let classes = class_of_keys(manifest);
    let mut by_hash: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for image in images {
        if let (Some(hash), Some(class)) = (&image.hash, classes.get(image.key.as_str())) {
            by_hash.entry(hash).or_default().push((&image.key, class));
        }
    }
    let mut found: Vec<String> = by_hash
        .values()
        .filter_map(|same| {
            let (first, label) = same.first()?;
            let (other, another) = same.iter().find(|(_, class)| class != label)?;
            Some(format!("{first} is '{label}' and {other} is '{another}'"))
        })
        .collect();
    found.sort();
    let pictures = counted(found.len(), "picture has", "pictures have");
    (!found.is_empty()).then(|| {
        format!(
            "{pictures} labels that contradict each other, since files with the same content are \
             labelled differently: {}; keep the one that is right, since a common group would leave the other wrong",
            listed(&found)
        )
    })
}
