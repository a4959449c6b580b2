//! Images and folders made by code.

use std::path::Path;

use eosin_core::Split;
use eosin_data::{Layout, Manifest, Patch, RgbPatch};

/// A picture with smooth colour gradients, so that lossy formats keep it nearly.
pub fn picture(side: u32) -> image::RgbImage {
    image::RgbImage::from_fn(side, side, |x, y| {
        let step = 200 / side;
        let byte = |value: u32| u8::try_from(value.min(255)).unwrap();
        image::Rgb([
            byte(40 + x * step),
            byte(30 + y * step),
            byte(60 + (x + y) * step / 2),
        ])
    })
}

/// What decoding the picture must give.
pub fn rgb_of(picture: &image::RgbImage) -> RgbPatch {
    RgbPatch {
        width_px: picture.width() as usize,
        height_px: picture.height() as usize,
        pixels: picture.as_raw().clone(),
    }
}

/// Writes a picture as PNG, making its folders.
pub fn write_png(path: &Path, side: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture(side)
        .save_with_format(path, image::ImageFormat::Png)
        .unwrap();
}

/// Writes a text, making its folders.
pub fn write_text(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A manifest in memory from (key, class, slide, split).
pub fn manifest(rows: &[(String, usize, Option<String>, Option<Split>)]) -> Manifest {
    let mut patches: Vec<Patch> = rows
        .iter()
        .map(|(key, class, slide, split)| Patch {
            key: key.clone(),
            source: std::path::PathBuf::from(key).into(),
            class: Some(*class),
            patient: None,
            slide: slide.clone(),
            group: None,
            split: *split,
            fold: None,
            site: None,
        })
        .collect();
    patches.sort_by(|a, b| a.key.cmp(&b.key));
    Manifest {
        root: ".".into(),
        layout: Layout::CLASS_FOLDERS,
        classes: vec!["benign".into(), "malignant".into()],
        patches,
        notes: Vec::new(),
    }
}

/// Ungrouped patches: `benign` of class 0 and `malignant` of class 1.
pub fn two_classes(benign: usize, malignant: usize) -> Manifest {
    let rows: Vec<_> = (0..benign + malignant)
        .map(|at| {
            (
                format!("{at:04}.png"),
                usize::from(at >= benign),
                None,
                None,
            )
        })
        .collect();
    manifest(&rows)
}
