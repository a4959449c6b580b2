//! Images that are none to classify: masks and the like, which are drawn on images beside them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::folder::{Folder, name_of, text_of};
use super::words::{is_about_files, is_annotation, without_annotation};
use crate::listed::{counted, listed};

/// What was found of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Annotations {
    /// How many images.
    images: usize,
    /// What their folders, or they themselves, are called.
    names: BTreeSet<String>,
}

impl Annotations {
    /// Takes them out of a folder: sub-folders such as `masks` beside images or a folder `images`,
    /// and files such as `a_mask.png` beside `a.png`.
    pub(super) fn take(&mut self, folder: &mut Folder) {
        let is_of_images = |below: &Folder| {
            is_about_files(&below.name) && !is_annotation(&below.name) && below.has_images()
        };
        if !folder.images.is_empty() || folder.folders.iter().any(is_of_images) {
            let is_drawn = |below: &Folder| is_annotation(&below.name) && below.has_images();
            let (drawn, others) = std::mem::take(&mut folder.folders)
                .into_iter()
                .partition::<Vec<Folder>, _>(is_drawn);
            folder.folders = others;
            for below in drawn {
                self.images += below.all_images().len();
                self.names.insert(below.name);
            }
        }
        let stem = |path: &PathBuf| path.file_stem().map(text_of).unwrap_or_default();
        let stems: BTreeSet<String> = folder.images.iter().map(stem).collect();
        let of_another =
            |path: &PathBuf| without_annotation(&stem(path)).is_some_and(|of| stems.contains(of));
        let (drawn, images) = std::mem::take(&mut folder.images)
            .into_iter()
            .partition::<Vec<PathBuf>, _>(of_another);
        folder.images = images;
        self.images += drawn.len();
        self.names.extend(drawn.iter().map(|path| name_of(path)));
    }

    /// What was taken out, in a sentence.
    pub(super) fn note(&self) -> Option<String> {
        let images = counted(self.images, "image is", "images are");
        let names: Vec<&String> = self.names.iter().collect();
        (self.images > 0).then(|| {
            format!(
                "{images} not used, by the name drawn on images that lie beside: {}",
                listed(&names)
            )
        })
    }
}
