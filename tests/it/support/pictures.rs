//! Pictures made for the tests.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use sha2::{Digest, Sha256};

use super::hexadecimal::hexadecimal;

/// A picture of one colour, which makes its bytes its own.
pub(crate) fn jpeg(colour: [u8; 3]) -> Vec<u8> {
    picture(1080, 1080, colour, ImageFormat::Jpeg)
}

/// A picture in a format.
pub(crate) fn picture(width: u32, height: u32, colour: [u8; 3], format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The digest as the API and the ledger write it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}
