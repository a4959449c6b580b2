//! Reading a pickle byte by byte.

use super::error::PickleError;

/// A position in the bytes of a pickle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes there are in all.
    pub(super) const fn length(&self) -> usize {
        self.bytes.len()
    }

    const fn cut(&self) -> PickleError {
        PickleError::Truncated {
            at: self.bytes.len(),
        }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], PickleError> {
        let rest = &self.bytes[self.at..];
        let (taken, _) = rest.split_at_checked(length).ok_or(self.cut())?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let rest = &self.bytes[self.at..];
        let (taken, _) = rest.split_first_chunk().ok_or(self.cut())?;
        self.at += N;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, PickleError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// As many bytes as the one before them says.
    pub(super) fn sized_u8(&mut self) -> Result<&'a [u8], PickleError> {
        let length = self.byte()?;
        self.take(length.into())
    }

    /// As many bytes as the four before them say.
    pub(super) fn sized_u32(&mut self) -> Result<&'a [u8], PickleError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// As many bytes as the eight before them say.
    pub(super) fn sized_u64(&mut self) -> Result<&'a [u8], PickleError> {
        let length = u64::from_le_bytes(self.array()?);
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The bytes up to a line feed, which is passed over.
    pub(super) fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or(self.cut())?;
        self.at += length + 1;
        Ok(&rest[..length])
    }
}
