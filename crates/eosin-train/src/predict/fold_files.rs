//! The files of a finished fold, held to the checksums that it wrote.

use eosin_core::FoldId;
use eosin_store::{FoldFile, RunFolder};
use serde::Deserialize;

use crate::error::TrainError;

/// What is read of a fold's `outcome.json` before its other files are used.
#[derive(Deserialize)]
struct Checksums {
    weights_blake3: String,
    predictions_blake3: String,
}

/// The bytes of a fold's weights or predictions, as it wrote them.
///
/// # Errors
/// When a file is missing or another than the fold wrote.
pub(crate) fn read_fold_file(
    folder: &RunFolder,
    fold: FoldId,
    file: FoldFile,
) -> Result<Vec<u8>, TrainError> {
    let bytes = folder.read(&file.of(fold))?;
    hold_to_checksum(folder, fold, file, blake3::hash(&bytes).to_hex().as_str())?;
    Ok(bytes)
}

/// Refuses a file of a fold whose BLAKE3, `found`, is not the one that the fold wrote.
///
/// # Errors
/// As said, and when there is no checksum.
pub(crate) fn hold_to_checksum(
    folder: &RunFolder,
    fold: FoldId,
    file: FoldFile,
    found: &str,
) -> Result<(), TrainError> {
    let checksums: Checksums = folder.read_json(&FoldFile::Outcome.of(fold))?;
    let expected = match file {
        FoldFile::Weights => checksums.weights_blake3,
        FoldFile::Predictions => checksums.predictions_blake3,
        // What holds the checksums has none.
        FoldFile::Outcome => return Ok(()),
    };
    if found == expected {
        return Ok(());
    }
    Err(TrainError::OtherFoldFile {
        file: folder.path(&file.of(fold)),
        found: found.to_owned(),
        expected,
        run: folder.dir().to_owned(),
    })
}
