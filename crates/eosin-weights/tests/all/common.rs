//! The fixtures that `fixtures/make_fixtures.py` made.

use std::path::{Path, PathBuf};

use eosin_weights::{WeightFile, WeightsError};

/// The folder of the fixtures.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The bytes of a fixture such as `saved/plain.zip.pth`.
pub fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What reading a fixture gives.
pub fn parse(name: &str) -> Result<WeightFile, WeightsError> {
    WeightFile::parse(name, &bytes(name))
}

/// A fixture that can be read.
pub fn good(name: &str) -> WeightFile {
    parse(&format!("saved/{name}")).unwrap_or_else(|error| panic!("{error}"))
}

/// The error of a fixture that cannot be read.
pub fn refused(name: &str) -> String {
    match parse(name) {
        Ok(file) => panic!("{name} was read: {:?}", file.tensors.keys()),
        Err(error) => error.to_string(),
    }
}

/// Names and bytes of all fixtures in `saved` or `hostile`, in order of their names.
pub fn all(kind: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder().join(kind)).expect("fixtures are committed");
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let name = format!("{kind}/{name}");
            let bytes = bytes(&name);
            (name, bytes)
        })
        .collect()
}
