//! Numbers to bytes and back, exactly.

use crate::error::TrainError;

/// Bytes being written. Numbers are little-endian, lists begin with their length.
#[derive(Debug, Default)]
pub(crate) struct Pack(pub Vec<u8>);

impl Pack {
    pub fn count(&mut self, value: usize) {
        self.0.extend((value as u64).to_le_bytes());
    }

    pub fn float(&mut self, value: f64) {
        self.0.extend(value.to_bits().to_le_bytes());
    }

    pub fn maybe_float(&mut self, value: Option<f64>) {
        self.count(usize::from(value.is_some()));
        self.float(value.unwrap_or(0.0));
    }

    pub fn floats(&mut self, values: &[f32]) {
        self.count(values.len());
        self.0.reserve(values.len() * 4);
        self.0.extend(
            values
                .iter()
                .flat_map(|value| value.to_bits().to_le_bytes()),
        );
    }

    pub fn bytes(&mut self, values: &[u8]) {
        self.count(values.len());
        self.0.extend(values);
    }
}

/// Bytes being read; anything short or left over is an error, never a panic.
#[derive(Debug)]
pub(crate) struct Unpack<'a>(pub &'a [u8]);

impl<'a> Unpack<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], TrainError> {
        let split = self.0.split_at_checked(len);
        let (taken, rest) = split.ok_or(TrainError::Checkpoint("it is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn word(&mut self) -> Result<u64, TrainError> {
        let (word, _) = self.take(8)?.as_chunks::<8>();
        Ok(u64::from_le_bytes(word[0]))
    }

    pub fn count(&mut self) -> Result<usize, TrainError> {
        let value = usize::try_from(self.word()?);
        value.map_err(|_| TrainError::Checkpoint("a count is too large"))
    }

    pub fn float(&mut self) -> Result<f64, TrainError> {
        Ok(f64::from_bits(self.word()?))
    }

    pub fn maybe_float(&mut self) -> Result<Option<f64>, TrainError> {
        let there = self.count()? == 1;
        let value = self.float()?;
        Ok(there.then_some(value))
    }

    pub fn floats(&mut self) -> Result<Vec<f32>, TrainError> {
        let len = self.count()?;
        let len = len
            .checked_mul(4)
            .ok_or(TrainError::Checkpoint("a list is too long"))?;
        let (words, _) = self.take(len)?.as_chunks::<4>();
        Ok(words
            .iter()
            .map(|word| f32::from_bits(u32::from_le_bytes(*word)))
            .collect())
    }

    /// As [`floats`](Self::floats), of which there must be `len`.
    pub fn floats_of(&mut self, len: usize) -> Result<Vec<f32>, TrainError> {
        let values = self.floats()?;
        if values.len() == len {
            Ok(values)
        } else {
            Err(TrainError::Checkpoint("it is of another network"))
        }
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], TrainError> {
        let len = self.count()?;
        self.take(len)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn finish(self) -> Result<(), TrainError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(TrainError::Checkpoint("it is too long"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_bit_by_bit_and_a_part_of_it_is_an_error() {
        let mut pack = Pack::default();
        pack.count(7);
        pack.floats(&[0.1, f32::NAN, -0.0]);
        pack.maybe_float(None);
        pack.maybe_float(Some(0.1 + 0.2));
        pack.bytes(b"end");
        let read = |bytes: &[u8]| -> Result<_, TrainError> {
            let mut unpack = Unpack(bytes);
            let got = (
                unpack.count()?,
                unpack
                    .floats_of(3)?
                    .iter()
                    .map(|v| v.to_bits())
                    .collect::<Vec<_>>(),
                unpack.maybe_float()?,
                unpack.maybe_float()?.map(f64::to_bits),
                unpack.bytes()?.to_vec(),
            );
            unpack.finish()?;
            Ok(got)
        };
        let got = read(&pack.0).unwrap();
        assert_eq!(got.0, 7);
        assert_eq!(got.1, [0.1_f32, f32::NAN, -0.0].map(f32::to_bits));
        assert_eq!((got.2, got.3), (None, Some((0.1 + 0.2_f64).to_bits())));
        assert_eq!(got.4, b"end");
        for cut in 0..pack.0.len() {
            assert!(read(&pack.0[..cut]).is_err(), "cut at {cut}");
        }
        pack.0.push(0);
        assert!(read(&pack.0).is_err());
    }
}
