//! Mutations that know the formats: they keep what surrounds the mutated part intact, so that
//! what is wrong is met deep inside the reader.

mod files;

use crate::common::all;
use files::{Parts, joined, taken_apart};

/// Pieces of pickles that a mutation puts in.
const PIECES: [&[u8]; 33] = [
    b"(",
    b".",
    b"N",
    b"\x88",
    b"K\x00",
    b"K\x02",
    b"J\xff\xff\xff\xff",
    b"\x8a\x08\0\0\0\0\0\0\0\x7f",
    b"G\0\0\0\0\0\0\0\0",
    b"X\x01\0\0\0w",
    b"\x8c\x01w",
    b")",
    b"t",
    b"\x85",
    b"\x86",
    b"\x87",
    b"]",
    b"a",
    b"e",
    b"}",
    b"s",
    b"u",
    b"\x8f",
    b"\x90",
    b"\x91",
    b"R",
    b"b",
    b"\x81",
    b"Q",
    b"\x94",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ccollections\nOrderedDict\n",
    b"ctorch\nFloatStorage\n",
];

const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    4,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    u64::MAX,
];

/// Makes one mutated file after the other.
pub struct Mutator {
    state: u64,
    originals: Vec<(Vec<u8>, Parts)>,
    /// How many of the originals, the first ones, are read before they are mutated.
    sound: usize,
}

impl Mutator {
    pub fn new(seed: u64) -> Self {
        let (saved, hostile) = (all("saved"), all("hostile"));
        let sound = saved.len();
        let originals = saved.into_iter().chain(hostile).map(|(_, bytes)| {
            let parts = taken_apart(&bytes);
            (bytes, parts)
        });
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            originals: originals.collect(),
            sound,
        }
    }

    /// `SplitMix64` (Steele, Lea and Flood 2014).
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, or 0.
    fn below(&mut self, limit: usize) -> usize {
        let drawn = usize::try_from(self.draw() >> 32).expect("32 bits fit");
        if limit == 0 { 0 } else { drawn % limit }
    }

    pub fn next_file(&mut self) -> Vec<u8> {
        // Few mutations of few hostile files: what one check refuses never meets the next.
        let hostile = self.below(5) == 0;
        let index = self.below(if hostile {
            self.originals.len()
        } else {
            self.sound
        });
        let (bytes, mut parts) = self.originals[index].clone();
        let rounds = 1 + self.below(3) * self.below(2);
        // One in three is mutated as plain bytes: the fields of zip and lengths among them.
        if matches!(parts, Parts::Other) || self.below(3) == 0 {
            let mut bytes = bytes;
            for _ in 0..rounds {
                self.mutate(&mut bytes);
            }
            return bytes;
        }
        for _ in 0..rounds {
            let chosen = self.below(8);
            match &mut parts {
                Parts::Zip(entries) => {
                    let pickle = entries
                        .iter()
                        .position(|(name, _)| name.ends_with("data.pkl"));
                    let any = chosen * entries.len() / 8;
                    let at = if chosen > 0 {
                        pickle.unwrap_or(any)
                    } else {
                        self.below(entries.len())
                    };
                    self.mutate(&mut entries[at].1);
                }
                Parts::Safetensors(header, _) if chosen > 0 => self.mutate(header),
                Parts::Safetensors(_, body) => self.mutate(body),
                Parts::Other => {}
            }
        }
        joined(&parts)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let length = 1 + self.below(16);
        let end = (at + length).min(bytes.len());
        match self.below(9) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            2 if !bytes.is_empty() => bytes[at] = self.draw().to_le_bytes()[0],
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let copy = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            6 => self.splice_other(bytes, at),
            7 => {
                let piece = PIECES[self.below(PIECES.len())];
                let replaced = if self.below(2) == 0 {
                    at
                } else {
                    (at + piece.len()).min(bytes.len())
                };
                bytes.splice(at..replaced, piece.iter().copied());
            }
            _ => self.write_number(bytes, at),
        }
    }

    /// Puts a part of another file in.
    fn splice_other(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let other = self.below(self.originals.len());
        let from = self.below(self.originals[other].0.len());
        let length = self.below(64);
        let other = &self.originals[other].0;
        let part = other[from..(from + length).min(other.len())].to_vec();
        bytes.splice(at..at, part);
    }

    /// Writes an unlikely number of 2, 4 or 8 bytes over what is there.
    fn write_number(&mut self, bytes: &mut [u8], at: usize) {
        let mut number = NUMBERS[self.below(NUMBERS.len())];
        if self.below(3) == 0 {
            number = (bytes.len() as u64 + self.draw() % 8).saturating_sub(4);
        }
        let width = 2 << self.below(3);
        let number = number.to_le_bytes();
        for (byte, new) in bytes.iter_mut().skip(at).zip(&number[..width]) {
            *byte = *new;
        }
    }
}
