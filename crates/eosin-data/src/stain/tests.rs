//! Methods together: against other tools, on patches that have no stain, on phantoms whose stains are known.

use eosin_core::Seed;
use eosin_core::config::StainMethod;

use super::goldens::GOLDENS;
use super::stained::{dot, unit};
use super::*;
use crate::decode::RgbPatch;
use crate::phantom::{PhantomOptions, PhantomPosition, phantom_patch, phantom_stains};

/// A method's name, and some pixels of three patches.
pub(super) type Golden = (&'static str, [[[u8; 3]; 8]; 3]);

fn options(size_px: usize) -> PhantomOptions {
    PhantomOptions {
        seed: Seed(17),
        size_px,
        ..PhantomOptions::default()
    }
}

const fn position(patient: usize) -> PhantomPosition {
    PhantomPosition {
        patient,
        slide: 0,
        patch: 0,
    }
}

/// As `examples/stain.rs phantoms` writes them.
fn phantom(patient: usize) -> RgbPatch {
    phantom_patch(&options(128), patient % 2, position(patient))
}

fn methods() -> impl Iterator<Item = StainMethod> {
    let all = StainMethod::ALL.iter().copied();
    all.filter(|method| *method != StainMethod::None)
}

fn like_first(method: StainMethod) -> StainNormaliser {
    StainNormaliser::new(method, stain_of(method, &phantom(0)).unwrap()).unwrap()
}

#[test]
fn variants_equal_the_tools_that_they_are_named_after() {
    for (name, patches) in GOLDENS {
        let normaliser = like_first(name.parse().unwrap());
        for (patient, wanted) in (1..).zip(patches) {
            let mut patch = phantom(patient);
            normaliser.apply(&mut patch).unwrap();
            let (pixels, _) = patch.pixels.as_chunks::<3>();
            let got = pixels.iter().skip(517).step_by(1999);
            assert_eq!(got.clone().count(), wanted.len());
            for (got, wanted) in got.zip(wanted) {
                let near = got.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 1);
                assert!(
                    near,
                    "{name}, phantom {patient}: {got:?}, and the tool {wanted:?}"
                );
            }
        }
    }
}

#[test]
fn what_has_no_stain_to_be_told_stays_as_it_is_and_says_why() {
    let half_inked = {
        let mut patch = phantom(1);
        let (pixels, _) = patch.pixels.as_chunks_mut::<3>();
        let inked = pixels.len() * 2 / 3;
        pixels[..inked].fill([20, 40, 160]);
        patch
    };
    let grey = {
        let mut patch = phantom(1);
        let (pixels, _) = patch.pixels.as_chunks_mut::<3>();
        for pixel in pixels {
            *pixel = [pixel[1]; 3];
        }
        patch
    };
    let pale = {
        let mut patch = phantom(1);
        patch
            .pixels
            .iter_mut()
            .for_each(|v| *v = 240 - (240 - (*v).min(240)) / 12);
        patch
    };
    let patches = [
        (RgbPatch::filled(64, 64, [255; 3]), "little-tissue"),
        (RgbPatch::filled(64, 64, [0; 3]), "one-colour"),
        (RgbPatch::filled(64, 64, [190, 110, 180]), "one-colour"),
        (RgbPatch::filled(1, 1, [190, 110, 180]), "one-colour"),
        (half_inked, "other-colours"),
        (grey, "one-colour"),
        (pale, "little-tissue"),
    ];
    for method in methods() {
        let normaliser = like_first(method);
        for (before, reason) in &patches {
            let mut patch = before.clone();
            let why = normaliser.apply(&mut patch).unwrap_err();
            let said = serde_json::to_value(why).unwrap();
            assert_eq!(said["reason"], *reason, "{method}: {why}");
            assert_eq!(&patch, before);
        }
    }
}

/// eosin's own forms.
const OWN: [StainMethod; 4] = [
    StainMethod::Macenko,
    StainMethod::Vahadane,
    StainMethod::Ruifrok,
    StainMethod::Reinhard,
];

#[test]
fn own_methods_bring_patches_nearer_to_the_target() {
    let apart = |one: &RgbPatch, other: &RgbPatch| {
        let mean = |patch: &RgbPatch, channel: usize| {
            let (pixels, _) = patch.pixels.as_chunks::<3>();
            pixels.iter().map(|p| f64::from(p[channel])).sum::<f64>() / pixels.len() as f64
        };
        let apart = (0..3).map(|channel| (mean(one, channel) - mean(other, channel)).abs());
        apart.sum::<f64>()
    };
    for method in OWN {
        let normaliser = like_first(method);
        let (mut before, mut after) = (0.0, 0.0);
        for patient in 1..8 {
            let mut patch = phantom(patient);
            before += apart(&patch, &phantom(0));
            normaliser.apply(&mut patch).unwrap();
            after += apart(&patch, &phantom(0));
        }
        assert!(after < 0.9 * before, "{method}: {before} -> {after}");
    }
}

#[test]
fn the_target_made_like_itself_hardly_changes() {
    for method in OWN {
        let mut patch = phantom(0);
        like_first(method).apply(&mut patch).unwrap();
        let before = phantom(0);
        let largest = patch
            .pixels
            .iter()
            .zip(&before.pixels)
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(largest <= Some(1), "{method}: {largest:?}");
    }
}

/// Mean angle in degrees between the stains found and the true ones.
fn degrees_off(method: StainMethod) -> f64 {
    let patients = 0..8;
    let count = patients.len() as f64;
    let off = patients.map(|patient| {
        let patch = phantom_patch(&options(192), patient % 2, position(patient));
        let found = stain_of(method, &patch).unwrap();
        let truth = phantom_stains(&options(192), position(patient));
        let truth = truth.map(|vector| unit(vector.map(f64::from)));
        let found = found.stains().unwrap().vectors.map(unit);
        let pairs = truth.iter().zip(found);
        pairs
            .map(|(a, b)| dot(*a, b).min(1.0).acos().to_degrees())
            .sum::<f64>()
            / 2.0
    });
    off.sum::<f64>() / count
}

#[test]
fn found_stains_are_near_the_phantoms_true_ones() {
    let [own, torchstain, vahadane] = [
        StainMethod::Macenko,
        StainMethod::MacenkoTorchstain,
        StainMethod::Vahadane,
    ]
    .map(degrees_off);
    println!("degrees off: macenko {own:.2}, torchstain {torchstain:.2}, vahadane {vahadane:.2}");
    assert!(own < torchstain, "{own} {torchstain}");
    assert!(own < 9.0 && vahadane < 9.0, "{own} {vahadane}");
}

#[test]
fn a_normaliser_is_its_text_to_the_last_bit() {
    for method in methods() {
        let normaliser = like_first(method);
        let text = normaliser.to_string();
        assert_eq!(text.parse::<StainNormaliser>().unwrap(), normaliser);
        assert!(text.starts_with(&format!("{method} 1 ")), "{text}");
    }
    for bad in [
        "",
        "macenko",
        "macenko 2 1 2 3 4 5 6 7 8",
        "macenko 1 1 2 3 4 5 6",
        "none 1 1 2 3 4 5 6",
    ] {
        assert!(bad.parse::<StainNormaliser>().is_err(), "{bad}");
    }
    assert!(
        "macenko 1 NaN 2 3 4 5 6 7 8"
            .parse::<StainNormaliser>()
            .is_err()
    );
}
