//! What a file is, by its first bytes; its extension is not asked.

use std::fmt;

/// A safetensors header longer than this is refused by every reader of the format.
pub(crate) const MAX_HEADER_BYTES: u64 = 100_000_000;

/// What the bytes seem to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Safetensors,
    Zip,
    Pickle,
    Foreign(Foreign),
}

/// Something that is no weight file, though it may be called one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// No bytes at all.
    Empty,
    /// The page of a web server in place of the download.
    WebPage,
    /// The pointer that git keeps in place of a large file.
    LfsPointer,
    /// A tar archive, PyTorch's format before 0.1.10 among them.
    Tar,
    /// A compressed file, with the name of its compression.
    Compressed(&'static str),
    /// HDF5, as Keras saves weights.
    Hdf5,
    /// GGUF, a format for language models.
    Gguf,
    /// ONNX, a graph with its weights.
    Onnx,
    /// JSON or other text that starts with a brace.
    Json,
    /// Anything else, with its first bytes.
    Unknown(Vec<u8>),
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Empty => "it is empty; fetch it again",
            Self::WebPage => {
                "it is a web page; the download link led to a page, not to the file, or asked for a login"
            }
            Self::LfsPointer => "it is a Git LFS pointer; run `git lfs pull` to fetch the file",
            Self::Tar => {
                "it is a tar archive; unpack it, or if PyTorch before 0.1.10 wrote it, load it there and save it again with `torch.save(model.state_dict(), ...)`"
            }
            Self::Compressed(with) => {
                return write!(f, "it is compressed with {with}; unpack it first");
            }
            Self::Hdf5 => {
                "it is HDF5, as Keras saves weights; convert it to PyTorch or safetensors"
            }
            Self::Gguf => "it is GGUF, a format for language models",
            Self::Onnx => "it is ONNX; give the .safetensors or .pth file that it was made from",
            Self::Json => "it is JSON; give the .safetensors or .pth file that it belongs to",
            Self::Unknown(start) => {
                f.write_str("it starts with")?;
                for byte in start {
                    write!(f, " {byte:02x}")?;
                }
                ", neither safetensors nor what torch.save writes"
            }
        };
        f.write_str(text)
    }
}

/// What `bytes` are.
pub(crate) fn content_of(bytes: &[u8]) -> Content {
    // First, because the length in its first eight bytes can look like any other mark.
    if is_safetensors(bytes) {
        return Content::Safetensors;
    }
    match bytes {
        [] => Content::Foreign(Foreign::Empty),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Content::Zip,
        [0x80, 2..=5, ..] => Content::Pickle,
        _ => Content::Foreign(foreign(bytes)),
    }
}

fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.split_first_chunk().is_some_and(|(length, rest)| {
        u64::from_le_bytes(*length) <= MAX_HEADER_BYTES && rest.first() == Some(&b'{')
    })
}

fn foreign(bytes: &[u8]) -> Foreign {
    match bytes {
        [0x1f, 0x8b, ..] => Foreign::Compressed("gzip"),
        [b'B', b'Z', b'h', ..] => Foreign::Compressed("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Foreign::Compressed("xz"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Foreign::Compressed("zstd"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Foreign::Compressed("7-Zip"),
        [0x89, b'H', b'D', b'F', ..] => Foreign::Hdf5,
        [b'G', b'G', b'U', b'F', ..] => Foreign::Gguf,
        // The version of its format, then the name of what made it.
        [8, 1..=20, 0x12, length, made @ ..]
            if made
                .iter()
                .take(usize::from(*length))
                .all(u8::is_ascii_graphic) =>
        {
            Foreign::Onnx
        }
        _ if bytes.starts_with(b"version https://git-lfs") => Foreign::LfsPointer,
        _ if bytes.get(257..262) == Some(b"ustar") => Foreign::Tar,
        _ => foreign_text(bytes),
    }
}

fn foreign_text(bytes: &[u8]) -> Foreign {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let starts_with = |mark: &str| {
        text.get(..mark.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()))
    };
    let page = ["<!doctype", "<html", "<head", "<body", "<?xml", "<!--"];
    if page.into_iter().any(starts_with) {
        return Foreign::WebPage;
    }
    if text.first() == Some(&b'{') {
        return Foreign::Json;
    }
    Foreign::Unknown(bytes.iter().copied().take(8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        match content_of(bytes) {
            Content::Foreign(found) => found.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_weight_file_is_named_with_its_fix() {
        assert!(said(b"").contains("empty"));
        assert!(said(b"\n <!DOCTYPE html><html>").contains("web page"));
        assert!(said(b"version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
        assert!(said(b"\x1f\x8b\x08").contains("gzip"));
        assert!(said(b"{\"metadata\": {}}").contains("JSON"));
        assert!(said(b"\x08\x08\x12\x07pytorch\x1a\x052.1.0").contains("it is ONNX"));
        assert_eq!(
            said(b"\x00\x01ab"),
            "it starts with 00 01 61 62, neither safetensors nor what torch.save writes"
        );
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(said(&tar).contains("tar"));
    }

    #[test]
    fn a_header_length_that_looks_like_gzip_is_still_safetensors() {
        assert_eq!(content_of(b"\x1f\x8b\0\0\0\0\0\0{"), Content::Safetensors);
        assert_eq!(content_of(b"\x80\x02\0\0\0\0\0\0{"), Content::Safetensors);
        assert_eq!(content_of(b"\x80\x02\x8a\x0a\x6c"), Content::Pickle);
    }
}
