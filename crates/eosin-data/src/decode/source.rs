//! Where the bytes of an image come from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};

/// A file of which only the header is wanted, or the whole content in memory: one type, so that the
/// decoders are compiled once.
pub(super) enum ImageBytes<'a> {
    File(BufReader<File>),
    Memory(Cursor<&'a [u8]>),
}

impl<'a> From<&'a [u8]> for ImageBytes<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Memory(Cursor::new(bytes))
    }
}

impl Read for ImageBytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Memory(bytes) => bytes.read(out),
        }
    }

    fn read_exact(&mut self, out: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact(out),
            Self::Memory(bytes) => bytes.read_exact(out),
        }
    }

    fn read_to_end(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_to_end(out),
            Self::Memory(bytes) => bytes.read_to_end(out),
        }
    }
}

impl BufRead for ImageBytes<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::File(file) => file.fill_buf(),
            Self::Memory(bytes) => bytes.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Self::File(file) => file.consume(count),
            Self::Memory(bytes) => bytes.consume(count),
        }
    }
}

impl Seek for ImageBytes<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}
