//! Bytes to text, in the encodings that spreadsheets write.

use std::path::Path;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::TableError;

/// What a file says, and how that was found out when it is no UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text, without a byte-order mark.
    pub text: String,
    /// The encoding, when it is not UTF-8.
    pub encoding: Option<&'static str>,
}

/// Reads a text file: UTF-8, UTF-16 with or without a byte-order mark, else Windows-1252.
///
/// # Errors
/// When it cannot be read or is no text.
pub fn read_text(path: &Path) -> Result<Text, TableError> {
    let bytes = std::fs::read(path).map_err(|cause| TableError::Read {
        path: path.to_owned(),
        cause,
    })?;
    text_of_bytes(path, &bytes)
}

pub(super) fn text_of_bytes(path: &Path, bytes: &[u8]) -> Result<Text, TableError> {
    refuse_binary(path, bytes)?;
    let encoding = match bytes {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        _ => utf16_without_mark(bytes),
    };
    if let Some(encoding) = encoding {
        return decoded(path, bytes, encoding);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err(not_text(path, "a file with zero bytes in it")),
        Ok(text) => Ok(Text {
            text: text.trim_start_matches('\u{feff}').to_owned(),
            encoding: None,
        }),
        Err(_) if bytes.contains(&0) => Err(not_text(path, "a binary file")),
        Err(_) => decoded(path, bytes, WINDOWS_1252),
    }
}

fn decoded(path: &Path, bytes: &[u8], encoding: &'static Encoding) -> Result<Text, TableError> {
    let (text, _, damaged) = encoding.decode(bytes);
    if damaged || text.contains('\0') {
        return Err(not_text(path, "damaged, or in an unknown encoding"));
    }
    Ok(Text {
        text: text.trim_start_matches('\u{feff}').to_owned(),
        encoding: Some(encoding.name()),
    })
}

/// Text in Latin letters has a zero in every other byte of UTF-16.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(1024) & !1];
    if start.len() < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |odd: usize| {
        start
            .iter()
            .skip(odd)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let half = start.len() / 2;
    match (zeros(0), zeros(1)) {
        (0, high) if 10 * high >= 7 * half => Some(UTF_16LE),
        (high, 0) if 10 * high >= 7 * half => Some(UTF_16BE),
        _ => None,
    }
}

fn refuse_binary(path: &Path, bytes: &[u8]) -> Result<(), TableError> {
    let what = match bytes {
        [b'P', b'K', 3 | 5, _, ..] => "an Excel workbook or another archive",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "an old Excel workbook",
        [0x1f, 0x8b, ..] => "compressed by gzip",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [b'[', b'{', ..] | [b'{', b'"', ..] => "JSON",
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "in UTF-32",
        _ => return Ok(()),
    };
    Err(not_text(path, what))
}

fn not_text(path: &Path, what: &'static str) -> TableError {
    TableError::NotText {
        path: path.to_owned(),
        what,
        fix: "save it as CSV (UTF-8)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, Option<&'static str>) {
        let text = text_of_bytes(Path::new("t.csv"), bytes).unwrap();
        (text.text, text.encoding)
    }

    #[test]
    fn the_encodings_of_spreadsheets_are_read() {
        let word = "path,Müller\r\n";
        assert_eq!(text(word.as_bytes()), (word.into(), None));
        let marked = [&b"\xef\xbb\xbf"[..], word.as_bytes()].concat();
        assert_eq!(text(&marked), (word.into(), None));
        let little: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = word.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&little), (word.into(), Some("UTF-16LE")));
        assert_eq!(text(&big), (word.into(), Some("UTF-16BE")));
        assert_eq!(
            text(&[&[0xff, 0xfe][..], &little].concat()),
            (word.into(), Some("UTF-16LE"))
        );
        assert_eq!(
            text(&[&[0xfe, 0xff][..], &big].concat()),
            (word.into(), Some("UTF-16BE"))
        );
        assert_eq!(
            text(b"path,M\xfcller\r\n"),
            (word.into(), Some("windows-1252"))
        );
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, what) in [
            (&b"PK\x03\x04rest"[..], "Excel workbook"),
            (b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
            (b"\x1f\x8brest", "gzip"),
            (b"\xff\xfe\0\0p\0\0\0", "UTF-32"),
            (b"ab\0\xff", "binary"),
        ] {
            let error = text_of_bytes(Path::new("t.csv"), bytes)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(what) && error.contains("save it as CSV"),
                "{error}"
            );
        }
    }
}
