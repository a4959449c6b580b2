//! What a file holds beside the picture that is read: more pages, and how it was compressed.

use std::io::{BufRead, Read, Seek, SeekFrom};

use super::PatchFormat;

/// Pages that are counted; whoever has more has more than one.
const MOST_PAGES: u32 = 10_000;

/// Number of pictures in the file, 1 where that cannot be told; the reader is put back to the start.
pub(super) fn pages<R: BufRead + Seek>(reader: &mut R, format: PatchFormat) -> u32 {
    let counted = match format {
        PatchFormat::Tiff => tiff_pages(reader),
        PatchFormat::Png => png_frames(reader),
        PatchFormat::WebP => webp_frames(reader),
        PatchFormat::Jpeg | PatchFormat::Bmp => Some(1),
    };
    let rewound = reader.seek(SeekFrom::Start(0));
    counted.filter(|_| rewound.is_ok()).unwrap_or(1).max(1)
}

fn bytes<const N: usize>(reader: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Numbers of a TIFF file: its byte order, and how long offsets are.
struct Numbers {
    little: bool,
    big: bool,
}

impl Numbers {
    fn read(&self, reader: &mut impl Read, length: usize) -> Option<u64> {
        let mut number = [0; 8];
        reader.read_exact(&mut number[..length]).ok()?;
        if !self.little {
            number[..length].reverse();
        }
        Some(u64::from_le_bytes(number))
    }

    fn offset(&self, reader: &mut impl Read) -> Option<u64> {
        self.read(reader, if self.big { 8 } else { 4 })
    }
}

/// Pages of a TIFF that are neither smaller versions of others nor masks.
fn tiff_pages<R: Read + Seek>(reader: &mut R) -> Option<u32> {
    let mark: [u8; 4] = bytes(reader)?;
    let numbers = Numbers {
        little: mark[0] == b'I',
        big: mark.contains(&43),
    };
    if numbers.big {
        bytes::<4>(reader)?;
    }
    let (mut pages, mut at) = (0, numbers.offset(reader)?);
    for _ in 0..MOST_PAGES {
        if at == 0 {
            break;
        }
        reader.seek(SeekFrom::Start(at)).ok()?;
        let entries = numbers.read(reader, if numbers.big { 8 } else { 2 })?;
        let mut kind = 0;
        for _ in 0..entries.min(4096) {
            let tag = numbers.read(reader, 2)?;
            let skip = if numbers.big { 10 } else { 6 };
            std::io::copy(&mut reader.by_ref().take(skip), &mut std::io::sink()).ok()?;
            let value = numbers.offset(reader)?;
            if tag == 254 {
                kind = value;
            }
        }
        // Bit 0: a smaller version; bit 2: a mask.
        pages += u32::from(kind & 0b101 == 0);
        at = numbers.offset(reader)?;
    }
    Some(pages)
}

/// Frames of an animated PNG.
fn png_frames<R: Read + Seek>(reader: &mut R) -> Option<u32> {
    reader.seek(SeekFrom::Start(8)).ok()?;
    for _ in 0..1000 {
        let length = u32::from_be_bytes(bytes(reader)?);
        match &bytes::<4>(reader)? {
            b"acTL" => return Some(u32::from_be_bytes(bytes(reader)?)),
            b"IDAT" | b"IEND" => return Some(1),
            _ => reader.seek(SeekFrom::Current(i64::from(length) + 4)).ok()?,
        };
    }
    Some(1)
}

/// Frames of an animated WebP.
fn webp_frames<R: Read + Seek>(reader: &mut R) -> Option<u32> {
    reader.seek(SeekFrom::Start(12)).ok()?;
    let mut frames = 0;
    for _ in 0..MOST_PAGES {
        let Some(kind) = bytes::<4>(reader) else {
            break;
        };
        let length = u32::from_le_bytes(bytes(reader)?);
        frames += u32::from(&kind == b"ANMF");
        let padded = i64::from(length) + i64::from(length % 2);
        reader.seek(SeekFrom::Current(padded)).ok()?;
    }
    Some(frames.max(1))
}

/// The quality, from 1 to 100, at which libjpeg's tables come nearest to those of a JPEG.
pub(super) fn jpeg_quality<R: Read + Seek>(reader: &mut R) -> Option<u8> {
    let quality = table_quality(reader);
    reader.seek(SeekFrom::Start(0)).ok()?;
    quality
}

fn table_quality<R: Read + Seek>(reader: &mut R) -> Option<u8> {
    reader.seek(SeekFrom::Start(2)).ok()?;
    for _ in 0..1000 {
        let [mark, mut kind] = bytes(reader)?;
        if mark != 0xff {
            return None;
        }
        while kind == 0xff {
            [kind] = bytes(reader)?;
        }
        if kind == 0xda || kind == 0xd9 {
            return None;
        }
        let length = u16::from_be_bytes(bytes(reader)?);
        if kind == 0xdb {
            let mut tables = vec![0; usize::from(length.saturating_sub(2))];
            reader.read_exact(&mut tables).ok()?;
            if let Some(quality) = quality_of(&tables) {
                return Some(quality);
            }
        } else {
            let rest = i64::from(length.saturating_sub(2));
            reader.seek(SeekFrom::Current(rest)).ok()?;
        }
    }
    None
}

/// Annex K's table of luminance in zigzag order.
const LUMINANCE: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// The quality of table 0, when it is among these tables.
fn quality_of(tables: &[u8]) -> Option<u8> {
    let (head, values) = tables.split_first()?;
    let wide = head >> 4 != 0;
    let length = if wide { 128 } else { 64 };
    let values = values.get(..length)?;
    if head & 15 != 0 {
        return quality_of(tables.get(1 + length..)?);
    }
    let value = |at: usize| -> u16 {
        if wide {
            u16::from_be_bytes([values[2 * at], values[2 * at + 1]])
        } else {
            u16::from(values[at])
        }
    };
    let distance = |quality: u8| -> u32 {
        let quality = u32::from(quality);
        let scale = if quality < 50 {
            5000 / quality
        } else {
            200 - 2 * quality
        };
        let expected = |at: usize| ((u32::from(LUMINANCE[at]) * scale + 50) / 100).clamp(1, 255);
        (0..64)
            .map(|at| expected(at).abs_diff(u32::from(value(at))))
            .sum()
    };
    (1..=100_u8).rev().min_by_key(|quality| distance(*quality))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_quality_of_a_jpeg_is_that_it_was_written_with() {
        let picture = image::RgbImage::from_fn(16, 16, |x, y| {
            image::Rgb([x, y, x + y].map(|v| u8::try_from(v * 7).expect("a byte")))
        });
        for quality in [10, 50, 75, 90, 95, 100] {
            let mut bytes = Vec::new();
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
            picture.write_with_encoder(encoder).expect("a JPEG");
            assert_eq!(jpeg_quality(&mut Cursor::new(bytes)), Some(quality));
        }
        assert_eq!(jpeg_quality(&mut Cursor::new(b"\xff\xd8\xff\xd9")), None);
    }

    /// Directories of one entry each, with these kinds of page.
    fn tiff(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        for (at, kind) in kinds.iter().enumerate() {
            bytes.extend([1, 0, 254, 0, 4, 0, 1, 0, 0, 0]);
            bytes.extend(kind.to_le_bytes());
            let last = at + 1 == kinds.len();
            let next = if last {
                0
            } else {
                u32::try_from(bytes.len() + 4).expect("short")
            };
            bytes.extend(next.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn pages_are_counted_without_smaller_versions_and_in_spite_of_circles() {
        let count = |bytes: Vec<u8>| pages(&mut Cursor::new(bytes), PatchFormat::Tiff);
        assert_eq!(count(tiff(&[0])), 1);
        assert_eq!(count(tiff(&[0, 0, 2])), 3);
        assert_eq!(count(tiff(&[0, 1, 4])), 1);
        let mut circle = tiff(&[0]);
        let end = circle.len();
        circle[end - 4..].copy_from_slice(&8_u32.to_le_bytes());
        assert_eq!(count(circle), MOST_PAGES);
        assert_eq!(count(b"II*\0".to_vec()), 1);
    }
}
