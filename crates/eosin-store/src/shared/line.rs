//! A line of JSON that says of itself whether it is what was written.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What stands before the checksum.
const BEFORE: &[u8] = b"{\"check\":\"";
/// What stands between the checksum and the record.
const BETWEEN: &[u8] = b"\",\"record\":";
/// Letters of the checksum: 64 bits of BLAKE3.
const LETTERS: usize = 16;

/// `{"check":"...","record":...}` and a line end.
pub(super) fn write<T: Serialize + ?Sized>(record: &T) -> Result<Vec<u8>, serde_json::Error> {
    let text = serde_json::to_vec(record)?;
    let check = checksum(&text);
    Ok([BEFORE, check.as_bytes(), BETWEEN, &text, b"}\n"].concat())
}

/// The record of a line without its end, or what is wrong.
pub(super) fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let parts = line.strip_prefix(BEFORE).and_then(|rest| {
        let (check, rest) = rest.split_at_checked(LETTERS)?;
        let text = rest.strip_prefix(BETWEEN)?.strip_suffix(b"}")?;
        Some((check, text))
    });
    let (check, text) = parts.ok_or("it is no record with a checksum")?;
    if checksum(text).as_bytes() != check {
        return Err("its checksum does not hold".to_owned());
    }
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

fn checksum(text: &[u8]) -> String {
    blake3::hash(text).to_hex()[..LETTERS].to_owned()
}
