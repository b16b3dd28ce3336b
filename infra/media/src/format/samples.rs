//! Pictures for tests, made by the encoders of the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

fn picture(width: u32, height: u32) -> DynamicImage {
    let low = |number: u32| number.to_le_bytes()[0];
    let shade = |x: u32, y: u32| image::Rgb([low(x * 5), low(y * 7), low(x ^ y)]);
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, shade))
}

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture(width, height).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A JPEG.
pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Jpeg)
}

/// A PNG.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Png)
}

/// A GIF.
pub(crate) fn gif(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Gif)
}

/// A WebP without losses.
pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::WebP)
}

/// What a file shows, decoded.
pub(crate) fn pixels(file: &[u8]) -> Vec<u8> {
    image::load_from_memory(file).unwrap().to_rgb8().into_raw()
}

/// EXIF, from its TIFF header on, with an owner, this orientation and a directory of positions; "canary" stands in both.
pub(crate) fn exif_with_position(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x03".to_vec();
    tiff.extend_from_slice(b"\x01\x0e\0\x02\0\0\0\x08\0\0\0\x32");
    tiff.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend_from_slice(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x3a");
    tiff.extend_from_slice(b"\0\0\0\0canary!\0");
    tiff.extend_from_slice(b"\0\x01\0\x1d\0\x02\0\0\0\x07\0\0\0\x4ccanary\0\0");
    tiff
}

/// A box of the ISO base media file format.
pub(crate) fn iso_box(name: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&length, name, content].concat()
}

/// A video of one track that plays for 2.5 s; `extra` stands in the movie box, `behind` after everything.
pub(crate) fn video(brand: &[u8], on_its_side: bool, extra: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 100];
    header[12..16].copy_from_slice(&1_000_u32.to_be_bytes());
    header[16..20].copy_from_slice(&2_500_u32.to_be_bytes());
    let mut track = vec![0; 84];
    let (a, b) = if on_its_side { (0, 1_u32 << 16) } else { (1_u32 << 16, 0) };
    track[40..44].copy_from_slice(&a.to_be_bytes());
    track[44..48].copy_from_slice(&b.to_be_bytes());
    track[76..80].copy_from_slice(&(640_u32 << 16).to_be_bytes());
    track[80..84].copy_from_slice(&(360_u32 << 16).to_be_bytes());
    let user = iso_box(b"udta", &iso_box(b"\xa9xyz", b"+52.5canary+13.4/"));
    let track = iso_box(b"trak", &[iso_box(b"tkhd", &track), user.clone()].concat());
    let movie = iso_box(b"moov", &[iso_box(b"mvhd", &header), track, user, extra.to_vec()].concat());
    [iso_box(b"ftyp", &[brand, &[0; 4]].concat()), iso_box(b"mdat", b"frames"), movie, behind.to_vec()]
        .concat()
}
