//! An opened file is read as a parsed one is.

use crate::common;
use eosin_weights::{LazyTensor as _, ReadOptions, WeightFile, read_all};

#[test]
fn an_opened_file_holds_what_a_parsed_one_does_or_is_refused_alike() {
    for (fixture, bytes) in ["saved", "hostile"].into_iter().flat_map(common::all) {
        let path = common::folder().join(&fixture);
        let name = path.display().to_string();
        let held = WeightFile::open_bytes(&name, bytes.clone(), &ReadOptions::default());
        for opened in [WeightFile::open(&path), held] {
            match (opened, WeightFile::parse(&name, &bytes)) {
                (Ok(opened), Ok(parsed)) => {
                    assert_eq!(read_all(&opened.tensors).unwrap(), parsed.tensors, "{name}");
                    assert_eq!(opened.hash, parsed.hash);
                    assert_eq!(opened.metadata, parsed.metadata);
                    assert_eq!(opened.left_out, parsed.left_out);
                }
                (Err(opened), Err(parsed)) => assert_eq!(opened.to_string(), parsed.to_string()),
                (opened, parsed) => panic!("{name}: {opened:?} and {parsed:?}"),
            }
        }
    }
}

#[test]
fn a_file_that_is_changed_while_it_is_in_use_is_an_error() {
    let path = std::env::temp_dir().join(format!("eosin-changed-{}", std::process::id()));
    let mut bytes = common::bytes("saved/plain.safetensors");
    std::fs::write(&path, &bytes).unwrap();
    let opened = WeightFile::open(&path).unwrap();
    assert_eq!(opened.tensors["0.weight"].read(1..2).unwrap()[..], [0.25]);
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    let error = opened.tensors["0.weight"].read(0..1).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("was changed while it was in use")
    );
    std::fs::remove_file(path).unwrap();
}
