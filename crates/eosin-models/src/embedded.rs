//! The weights that are part of the program.

use eosin_core::BackboneName;
use eosin_weights::{TensorDict, WeightFile};

/// What the embedded weights are called.
pub const EMBEDDED: &str = "embedded";

/// The weights that are part of the program, for the architecture that has some.
///
/// # Panics
/// Never: a test parses them.
pub fn embedded_weights(name: BackboneName) -> Option<WeightFile<TensorDict>> {
    embedded_bytes(name).map(|bytes| {
        let file = WeightFile::parse(EMBEDDED, bytes);
        file.expect("a test parses the embedded weights")
            .into_lazy()
    })
}

/// The same as the file that they are.
pub fn embedded_bytes(name: BackboneName) -> Option<&'static [u8]> {
    let bytes: &[u8] = include_bytes!("../weights/eosin_mini.safetensors");
    (name == BackboneName::EosinMini).then_some(bytes)
}

/// Whether the file with this BLAKE3 hash is one of the patches that the embedded weights have
/// seen: their training patches, and those that the training was watched on. Scores on such
/// patches are too good.
pub fn embedded_weights_have_seen(content_hash: &[u8; 32]) -> bool {
    // Sorted first eight bytes of the hashes.
    let seen = include_bytes!("../weights/eosin_mini.seen")
        .as_chunks::<8>()
        .0;
    let [prefix, ..] = content_hash.as_chunks::<8>().0 else {
        return false;
    };
    seen.binary_search(prefix).is_ok()
}
