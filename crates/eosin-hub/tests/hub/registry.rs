use std::collections::BTreeSet;
use std::fs;

use eosin_core::BackboneName;
use eosin_hub::{Registry, Sha256};

use crate::fixture::{NAME, hash_only, registry};

/// The error of a registry of the fixture's entry with `old` replaced by `new`.
fn wrong(old: &str, new: &str) -> String {
    let text = "[[weights]]\nname = 'a.b'\narchitecture = 'a'\nrepository = 'timm/a.b'\n\
                revision = 'main'\nfile = 'model.safetensors'\nlicence = 'mit'\n\
                mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\nsize_px = 224\n";
    assert!(Registry::from_toml(text, "mine.toml").is_ok());
    let text = text.replace(old, new);
    Registry::from_toml(&text, "mine.toml")
        .unwrap_err()
        .to_string()
}

#[test]
fn every_built_in_entry_is_for_a_backbone_of_this_program() {
    let registry = Registry::built_in().unwrap();
    assert!(registry.entries().len() > 80);
    for entry in registry.entries() {
        entry.architecture.parse::<BackboneName>().unwrap();
        assert!(
            entry
                .name
                .as_str()
                .starts_with(&format!("{}.", entry.architecture))
        );
        assert_eq!(entry.repository, format!("timm/{}", entry.name));
        // A length is only known of a file whose hash is.
        assert!(
            entry.bytes.is_none() || entry.sha256.is_some(),
            "{}",
            entry.name
        );
        // A pinned commit without a hash would pin nothing that can be verified.
        assert!(
            entry.revision == "main" || entry.sha256.is_some(),
            "{}",
            entry.name
        );
    }
}

#[test]
fn no_two_built_in_entries_have_one_hash() {
    let registry = Registry::built_in().unwrap();
    let hashes: Vec<String> = registry
        .entries()
        .iter()
        .filter_map(|entry| Some(entry.sha256?.to_string()))
        .collect();
    let distinct: BTreeSet<&String> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len());
}

#[test]
fn timms_default_is_the_first_of_its_architecture() {
    let registry = Registry::built_in().unwrap();
    for (architecture, default) in [
        ("resnet18", "resnet18.a1_in1k"),
        ("resnet101", "resnet101.a1h_in1k"),
        ("efficientnet_b1", "efficientnet_b1.ra4_e3600_r240_in1k"),
        ("convnext_tiny", "convnext_tiny.in12k_ft_in1k"),
        (
            "vit_small_patch14_dinov2",
            "vit_small_patch14_dinov2.lvd142m",
        ),
    ] {
        let first = registry.of_architecture(architecture).next().unwrap();
        assert_eq!(first.name.as_str(), default);
    }
}

/// What is replaced, by what, and what the error then says.
const WRONG: [(&str, &str, &str); 15] = [
    ("size_px", "size", "unknown field `size`"),
    ("licence = 'mit'\n", "", "missing field `licence`"),
    ("'a.b'", "'../b'", "is not a name of weights"),
    ("timm/a.b", "timm", "repository = 'timm': not OWNER/NAME"),
    ("timm/a.b", "timm/../b", "repository = 'timm/../b'"),
    ("'main'", "'a/../../b'", "revision = 'a/../../b'"),
    ("'main'", "'main?x=1'", "revision = 'main?x=1'"),
    (
        "model.safetensors",
        "model.exe",
        "ends with none of safetensors",
    ),
    (
        "model.safetensors",
        "/model.bin",
        "file = '/model.bin': it is empty",
    ),
    ("'mit'", "''", "licence is empty"),
    (
        "std = [0.5",
        "std = [0.0",
        "std has a value that is not above 0",
    ),
    (
        "mean = [0.5",
        "mean = [nan",
        "mean has a value that is not finite",
    ),
    ("size_px = 224", "size_px = 0", "size_px is 0"),
    ("size_px = 224", "size_px = 224\nbytes = 0", "bytes is 0"),
    (
        "size_px = 224",
        "size_px = 224\nsha256 = 'abc'",
        "'abc' is not a SHA-256",
    ),
];

#[test]
fn a_wrong_entry_is_refused_with_its_key() {
    for (old, new, problem) in WRONG {
        let message = wrong(old, new);
        assert!(
            message.starts_with("mine.toml is no registry of weights: "),
            "{message}"
        );
        assert!(message.contains(problem), "{message}");
    }
}

#[test]
fn a_users_entry_adds_a_hash_but_never_changes_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.toml");
    let text = |more: &str| {
        format!(
            "[[weights]]\nname = '{NAME}'\narchitecture = 'net'\nrepository = 'timm/x'\n\
             revision = 'main'\nfile = 'x.pt'\nlicence = 'mit'\nmean = [0.5, 0.5, 0.5]\n\
             std = [0.5, 0.5, 0.5]\nsize_px = 224\n{more}\n"
        )
    };
    fs::write(&path, text(&hash_only(b"x"))).unwrap();
    let added = registry("").with_file(&path).unwrap();
    assert_eq!(added.entries().len(), 1);
    assert_eq!(added.get(NAME).unwrap().sha256, Some(Sha256::of(b"x")));
    for more in [String::new(), hash_only(b"y")] {
        fs::write(&path, text(&more)).unwrap();
        let message = added.clone().with_file(&path).unwrap_err().to_string();
        assert!(
            message.contains("gives 'net.one_in1k' another sha256"),
            "{message}"
        );
    }
    let missing = registry("")
        .with_file(&dir.path().join("no.toml"))
        .unwrap_err();
    assert!(missing.to_string().starts_with("cannot read "), "{missing}");
}

#[test]
fn two_names_that_differ_only_in_case_are_one_file_and_refused() {
    let one = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/weights.toml")).unwrap();
    let two = one.replace("\"resnet18.a2_in1k\"", "\"ResNet18.a1_in1k\"");
    let message = Registry::from_toml(&two, "two").unwrap_err().to_string();
    assert!(message.contains("are one name twice"), "{message}");
}
