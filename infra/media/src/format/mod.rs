//! Cleaning: taking out of a file what its picture does not need, without touching the picture.
//!
//! Kept are the colour profile, the turn that the picture is to be shown with, and the mark of what made it (IPTC's
//! `digitalSourceType`), which the AI Act, article 50, wants to stay readable. Positions, serial numbers, owners, thumbnails,
//! comments and everything unknown go. Whatever follows the end of the picture is refused, so that no other file can hide there.

mod exif;
mod gif;
pub(crate) mod iso;
mod jpeg;
mod png;
mod provenance;
#[cfg(test)]
pub(crate) mod samples;
mod webp;

use publishing::media::{MediaKind, MediaRefusal};

/// A clean picture.
#[derive(Debug)]
pub(crate) struct Cleaned {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// Whether it is shown lying on its side, so that width and height change places.
    pub(crate) on_its_side: bool,
}

/// Cleans a picture of a kind that is known already. Videos are cleaned in their file, see [`iso`].
pub(crate) fn clean(kind: MediaKind, file: &[u8]) -> Result<Cleaned, MediaRefusal> {
    match kind {
        MediaKind::Jpeg => jpeg::clean(file),
        MediaKind::Png => png::clean(file),
        MediaKind::Gif => gif::clean(file),
        MediaKind::Webp => webp::clean(file),
        MediaKind::Mp4 | MediaKind::Quicktime => Err(MediaRefusal::UnsupportedType),
    }
}

/// Words by which the metadata of a JPEG say that something follows the picture (Google's motion photos and containers).
const ANNOUNCEMENTS: [&[u8]; 3] = [b"MicroVideo", b"MotionPhoto", b"google.com/photos/1.0/container"];

/// What metadata said that is worth keeping.
#[derive(Debug, Default)]
struct Remembered {
    orientation: Option<u8>,
    source: Option<String>,
    announces_more: bool,
}

impl Remembered {
    /// Looks at metadata before they are dropped.
    fn look_at(&mut self, metadata: &[u8]) {
        if self.source.is_none() {
            self.source = provenance::find(metadata);
        }
        self.announces_more |= ANNOUNCEMENTS.iter().any(|words| contains(metadata, words));
    }

    /// Looks at EXIF, from its TIFF header on.
    fn look_at_exif(&mut self, tiff: &[u8]) {
        if self.orientation.is_none() {
            self.orientation = exif::orientation(tiff);
        }
        self.look_at(tiff);
    }

    /// The turn, where there is one to speak of.
    fn turn(&self) -> Option<u8> {
        self.orientation.filter(|turn| *turn != 1)
    }

    fn on_its_side(&self) -> bool {
        self.orientation.is_some_and(|turn| turn >= 5)
    }
}

/// Whether only padding is left, as cameras and cards leave it.
fn is_padding(rest: &[u8]) -> bool {
    rest.iter().all(|byte| matches!(byte, 0 | 0xff | b'\r' | b'\n'))
}

fn contains(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

/// Takes `length` bytes off the front; a file that is shorter is damaged.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], MediaRefusal> {
    let (taken, left) = rest.split_at_checked(length).ok_or(MediaRefusal::Malformed)?;
    *rest = left;
    Ok(taken)
}

/// A big-endian number at a position.
fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
