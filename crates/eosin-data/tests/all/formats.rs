//! Each format and pixel mode that patches may have.

use std::io::Cursor;

use eosin_data::{DecodeLimits, Header, PatchFormat, PixelMode, RgbPatch};
use eosin_data::{decode_rgb_bytes, read_header};
use image::{DynamicImage, ImageFormat};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};

use crate::fixtures::{picture, rgb_of};

fn decode(bytes: &[u8]) -> RgbPatch {
    decode_rgb_bytes(bytes, "fixture", &DecodeLimits::default()).unwrap()
}

fn header(bytes: &[u8]) -> Header {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    read_header(file.path(), &DecodeLimits::default()).unwrap()
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn assert_near(got: &RgbPatch, expected: &RgbPatch, tolerance: u8) {
    assert_eq!(
        (got.width_px, got.height_px),
        (expected.width_px, expected.height_px)
    );
    let worst = got
        .pixels
        .iter()
        .zip(&expected.pixels)
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(worst <= Some(tolerance), "worst difference {worst:?}");
}

#[test]
fn png_bmp_webp_and_plain_tiff_are_exact() {
    let image = DynamicImage::ImageRgb8(picture(32));
    let formats = [
        (ImageFormat::Png, PatchFormat::Png),
        (ImageFormat::Bmp, PatchFormat::Bmp),
        (ImageFormat::WebP, PatchFormat::WebP),
        (ImageFormat::Tiff, PatchFormat::Tiff),
    ];
    for (format, expected) in formats {
        let bytes = encode(&image, format);
        assert_eq!(decode(&bytes), rgb_of(&picture(32)), "{expected}");
        let header = header(&bytes);
        assert_eq!((header.format, header.mode), (expected, PixelMode::Rgb8));
        assert_eq!((header.width_px, header.height_px), (32, 32));
    }
}

#[test]
fn jpeg_is_near() {
    let bytes = encode(&DynamicImage::ImageRgb8(picture(32)), ImageFormat::Jpeg);
    assert_near(&decode(&bytes), &rgb_of(&picture(32)), 12);
}

#[test]
fn tiff_compressed_by_lzw_deflate_and_packbits_is_exact() {
    let compressions = [
        Compression::Lzw,
        Compression::Deflate(DeflateLevel::Balanced),
        Compression::Packbits,
    ];
    for (at, compression) in compressions.into_iter().enumerate() {
        let mut bytes = Cursor::new(Vec::new());
        TiffEncoder::new(&mut bytes)
            .unwrap()
            .with_compression(compression)
            .write_image::<colortype::RGB8>(32, 32, picture(32).as_raw())
            .unwrap();
        assert_eq!(
            decode(&bytes.into_inner()),
            rgb_of(&picture(32)),
            "compression {at}"
        );
    }
}

/// A TIFF with one JPEG-compressed strip, as libtiff writes it: colours as YCbCr (6).
fn jpeg_tiff(jpeg: &[u8], side: u16) -> Vec<u8> {
    let strip_at: u32 = 8;
    let bits_at = strip_at + u32::try_from(jpeg.len().next_multiple_of(2)).unwrap();
    let directory_at = bits_at + 6;
    let length = u32::try_from(jpeg.len()).unwrap();
    let side = u32::from(side);
    let (short, long) = (3_u16, 4_u16);
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, short, 1, side),
        (257, short, 1, side),
        (258, short, 3, bits_at),
        (259, short, 1, 7),
        (262, short, 1, 6),
        (273, long, 1, strip_at),
        (277, short, 1, 3),
        (278, short, 1, side),
        (279, long, 1, length),
    ];
    let mut file = b"II*\0".to_vec();
    file.extend(directory_at.to_le_bytes());
    file.extend(jpeg);
    file.resize(bits_at as usize, 0);
    file.extend([8_u16; 3].iter().flat_map(|bits| bits.to_le_bytes()));
    file.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    file
}

#[test]
fn tiff_compressed_by_jpeg_equals_the_jpeg_inside() {
    let jpeg = encode(&DynamicImage::ImageRgb8(picture(32)), ImageFormat::Jpeg);
    let tiff = jpeg_tiff(&jpeg, 32);
    assert_near(&decode(&tiff), &decode(&jpeg), 2);
    assert_eq!(header(&tiff).format, PatchFormat::Tiff);
}

#[test]
fn grey_alpha_and_sixteen_bits_become_rgb() {
    let image = DynamicImage::ImageRgb8(picture(32));
    let grey = image.to_luma8();
    let expected_grey: Vec<u8> = grey.as_raw().iter().flat_map(|&value| [value; 3]).collect();
    for (image, mode) in [
        (DynamicImage::ImageLuma8(grey.clone()), PixelMode::Grey8),
        (
            DynamicImage::ImageLuma16(DynamicImage::ImageLuma8(grey).to_luma16()),
            PixelMode::Grey16,
        ),
    ] {
        let bytes = encode(&image, ImageFormat::Png);
        assert_eq!(header(&bytes).mode, mode);
        assert_eq!(decode(&bytes).pixels, expected_grey, "{mode}");
    }
    for (image, mode) in [
        (DynamicImage::ImageRgb16(image.to_rgb16()), PixelMode::Rgb16),
        (DynamicImage::ImageRgba8(image.to_rgba8()), PixelMode::Rgba8),
        (
            DynamicImage::ImageRgba16(image.to_rgba16()),
            PixelMode::Rgba16,
        ),
    ] {
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            let bytes = encode(&image, format);
            assert_eq!(header(&bytes).mode, mode);
            assert_eq!(decode(&bytes), rgb_of(&picture(32)), "{mode} {format:?}");
        }
    }
}

#[test]
fn transparency_shows_white() {
    let mut image = DynamicImage::ImageRgb8(picture(16)).to_rgba8();
    image.pixels_mut().for_each(|pixel| pixel.0[3] = 0);
    let bytes = encode(&DynamicImage::ImageRgba8(image), ImageFormat::Png);
    assert_eq!(decode(&bytes), RgbPatch::filled(16, 16, [255; 3]));
}

/// An 8-bit BMP whose pixels are indices into two colours.
fn palette_bmp(side: u32) -> Vec<u8> {
    let (pixels_at, n_px) = (14 + 40 + 8, side * side);
    let mut file = b"BM".to_vec();
    file.extend(
        [pixels_at + n_px, 0, pixels_at, 40, side, side]
            .iter()
            .flat_map(|v| v.to_le_bytes()),
    );
    file.extend([1_u16, 8].iter().flat_map(|v| v.to_le_bytes()));
    file.extend(
        [0, n_px, 0, 0, 2, 0]
            .iter()
            .flat_map(|v: &u32| v.to_le_bytes()),
    );
    file.extend([30, 20, 10, 0, 60, 50, 40, 0]); // blue, green, red, nothing
    file.extend((0..n_px).map(|at| u8::from(at % 2 == 1)));
    file
}

#[test]
fn palettes_are_looked_up() {
    let decoded = decode(&palette_bmp(16));
    assert_eq!(decoded.pixels[..6], [10, 20, 30, 40, 50, 60]);
}

#[test]
fn exif_orientation_and_icc_are_noted_and_not_applied() {
    let jpeg = encode(&DynamicImage::ImageRgb8(picture(32)), ImageFormat::Jpeg);
    // One directory with one entry: tag 0x112 (orientation), SHORT, 6 (a quarter turn).
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let icc = b"ICC_PROFILE\0\x01\x01some profile";
    let mut tagged = jpeg[..2].to_vec();
    for (marker, payload) in [(0xe1, &exif[..]), (0xe2, &icc[..])] {
        tagged.extend([0xff, marker]);
        tagged.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
        tagged.extend(payload);
    }
    tagged.extend(&jpeg[2..]);
    let (plain, noted) = (header(&jpeg), header(&tagged));
    assert_eq!((plain.exif_orientation, plain.has_icc), (None, false));
    assert_eq!((noted.exif_orientation, noted.has_icc), (Some(6), true));
    assert_eq!(decode(&tagged), decode(&jpeg));
}
