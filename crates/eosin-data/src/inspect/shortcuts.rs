//! Facts about files that tell classes apart: a network learns them instead of tissue.

use std::collections::BTreeMap;

use super::{ImageInfo, Problem, ProblemKind};
use crate::listed::{counted, listed};
use crate::manifest::Manifest;

/// Values of 16 bits that are all below this fill a quarter of their range at most.
const NARROW_BELOW: u16 = 1 << 14;
/// The same of 8 bits: what masks hold.
const NARROW_BYTE_BELOW: u16 = 32;
/// Patches of a class that are too few to say anything.
const FEW: usize = 5;
/// Share of the patches of two classes that must differ to be said.
const DIFFERENCE: f64 = 0.25;
/// The same for values that are nearly black: these are wrong, not only a shortcut.
const NARROW_DIFFERENCE: f64 = 0.1;

/// Something that files differ in.
struct Property {
    name: &'static str,
    of: fn(&ImageInfo) -> Option<String>,
}

const PROPERTIES: [Property; 6] = [
    Property {
        name: "size",
        of: |image| Some(format!("{}x{} px", image.width_px, image.height_px)),
    },
    Property {
        name: "pixel mode",
        of: |image| Some(image.mode.to_string()),
    },
    Property {
        name: "file format",
        of: |image| Some(image.format.to_string()),
    },
    Property {
        name: "JPEG quality",
        of: |image| image.jpeg_quality.map(|quality| quality.to_string()),
    },
    Property {
        name: "EXIF orientation",
        of: |image| Some(image.exif_orientation.unwrap_or(1).to_string()),
    },
    Property {
        name: "number of pages",
        of: |image| Some(image.pages.to_string()),
    },
];

/// Class names and how many of the class's images have each value.
type ByClass<'a> = BTreeMap<&'a str, BTreeMap<String, usize>>;

/// Says what differs between classes.
pub(super) fn shortcut_notes(manifest: &Manifest, images: &[ImageInfo]) -> Vec<String> {
    let classes = class_of_keys(manifest);
    let notes = PROPERTIES.iter().filter_map(|property| {
        let by_class = by_class(&classes, images, property.of);
        differs(&by_class, DIFFERENCE).then(|| {
            format!(
                "the {} tells classes apart, so a network may learn it instead of tissue: {}",
                property.name,
                described(&by_class)
            )
        })
    });
    notes.collect()
}

/// The labels of the patches that have one.
pub(super) fn class_of_keys(manifest: &Manifest) -> BTreeMap<&str, &str> {
    let labelled = manifest.patches.iter().filter_map(|patch| {
        let class = manifest.classes.get(patch.class?)?;
        Some((patch.key.as_str(), class.as_str()))
    });
    labelled.collect()
}

fn by_class<'a>(
    classes: &BTreeMap<&str, &'a str>,
    images: &[ImageInfo],
    of: impl Fn(&ImageInfo) -> Option<String>,
) -> ByClass<'a> {
    let mut found = ByClass::new();
    for image in images {
        if let (Some(class), Some(value)) = (classes.get(image.key.as_str()), of(image)) {
            *found.entry(*class).or_default().entry(value).or_default() += 1;
        }
    }
    found
}

/// Whether the shares of values of two classes differ by so much, and not by chance.
fn differs(by_class: &ByClass<'_>, least: f64) -> bool {
    let classes: Vec<_> = by_class
        .values()
        .map(|values| (values, values.values().sum::<usize>()))
        .filter(|(_, n)| *n >= FEW)
        .collect();
    let pairs = classes
        .iter()
        .enumerate()
        .flat_map(|(at, one)| classes[at + 1..].iter().map(move |other| (one, other)));
    for ((one, n), (other, m)) in pairs {
        let mut values: Vec<&String> = one.keys().chain(other.keys()).collect();
        values.sort_unstable();
        values.dedup();
        let (n, m) = (*n as f64, *m as f64);
        let count = |values: &BTreeMap<String, usize>, value: &String| {
            values.get(value).copied().unwrap_or(0) as f64
        };
        let mut difference = 0.0;
        let mut chi_square = 0.0;
        for value in &values {
            let (a, b) = (count(one, value), count(other, value));
            difference += (a / n - b / m).abs() / 2.0;
            chi_square += (a * m - b * n).powi(2) / (n * m * (a + b));
        }
        let freedom = values.len().saturating_sub(1) as f64;
        // The mean of chi square is its degrees of freedom, the variance twice that.
        if difference >= least && chi_square > freedom + 3.0 * (2.0 * freedom).sqrt() {
            return true;
        }
    }
    false
}

fn described(by_class: &ByClass<'_>) -> String {
    let classes = by_class.iter().map(|(class, values)| {
        let mut values: Vec<_> = values.iter().collect();
        values.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let more = values.len().saturating_sub(3);
        values.truncate(3);
        let mut values: Vec<String> = values
            .iter()
            .map(|(value, n)| format!("{value} ({n})"))
            .collect();
        if more > 0 {
            values.push(format!("{more} others"));
        }
        format!("{class} has {}", values.join(", "))
    });
    listed(&classes.collect::<Vec<_>>())
}

fn is_narrow(image: &ImageInfo) -> bool {
    image.mode.is_wide()
        && image
            .peak
            .is_some_and(|peak| peak > 0 && peak < NARROW_BELOW)
}

/// Pixels that fill a small share of their range.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    pub problems: Vec<Problem>,
    pub notes: Vec<String>,
}

/// Says where values of 12 bits lie in samples of 16, and refuses them where classes differ in it.
pub(super) fn narrow(manifest: &Manifest, images: &[ImageInfo]) -> Narrow {
    let mut found = Narrow::default();
    let narrow: Vec<&ImageInfo> = images.iter().filter(|image| is_narrow(image)).collect();
    let peak = narrow
        .iter()
        .filter_map(|image| image.peak)
        .max()
        .unwrap_or(0);
    let factor = (u32::from(u16::MAX) + 1) / u32::from(peak.max(1)).next_power_of_two();
    let fix = format!("multiply the values by {factor}");
    if !narrow.is_empty() {
        let count = counted(narrow.len(), "image has", "images have");
        let all = if narrow.len() == images.len() {
            ""
        } else {
            ", others more"
        };
        found.notes.push(format!(
            "{count} 16 bits a sample and values up to {peak} of 65535 only{all}, so they are \
             nearly black; {fix}"
        ));
    }
    let classes = class_of_keys(manifest);
    let shares = by_class(&classes, images, |image| Some(is_narrow(image).to_string()));
    if differs(&shares, NARROW_DIFFERENCE) {
        found.problems = narrow
            .iter()
            .map(|image| Problem {
                key: image.key.clone(),
                path: image.path.clone(),
                kind: ProblemKind::NarrowRange,
                message: format!(
                    "{} has 16 bits a sample and values up to {} of 65535 only, and not all classes \
                     have such images alike",
                    image.key,
                    image.peak.unwrap_or(0)
                ),
                fix: fix.clone(),
            })
            .collect();
    }
    found.notes.extend(mask_note(images));
    found
}

/// Says where values are those of masks.
fn mask_note(images: &[ImageInfo]) -> Option<String> {
    let is_mask = |image: &&ImageInfo| {
        let dark = image.peak.is_some_and(|peak| peak < NARROW_BYTE_BELOW);
        !image.mode.is_wide() && dark
    };
    let masks = images.iter().filter(is_mask).count();
    let count = counted(masks, "image has", "images have");
    (masks > 0)
        .then(|| format!("{count} values below {NARROW_BYTE_BELOW} of 255 only, as masks have"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(values: &[(&str, usize)]) -> BTreeMap<String, usize> {
        values
            .iter()
            .map(|(value, n)| ((*value).to_owned(), *n))
            .collect()
    }

    #[test]
    fn what_tells_classes_apart_is_seen_and_chance_is_not() {
        let of = |a: &[(&str, usize)], b: &[(&str, usize)]| {
            differs(
                &ByClass::from([("a", counts(a)), ("b", counts(b))]),
                DIFFERENCE,
            )
        };
        assert!(of(&[("95", 30)], &[("75", 30)]));
        assert!(of(&[("95", 30)], &[("95", 15), ("75", 15)]));
        assert!(!of(&[("95", 30)], &[("95", 28), ("75", 2)]));
        assert!(!of(&[("95", 15), ("75", 15)], &[("95", 14), ("75", 16)]));
        assert!(!of(&[("95", 3)], &[("75", 3)]), "too few to say");
        assert!(!of(
            &[("1", 2), ("2", 2), ("3", 2)],
            &[("2", 2), ("3", 2), ("4", 2)]
        ));
    }
}
