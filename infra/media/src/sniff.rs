//! What a file is, by its first bytes. Names and declared types are not asked.

use publishing::media::MediaKind;

/// As many bytes as the judgement takes, if the file has them.
pub(crate) const ENOUGH: usize = 16;

/// Brands of `ftyp` boxes that are pictures or sound and must not pass as a video (registered at <https://mp4ra.org>).
const NO_VIDEO: [&[u8]; 10] =
    [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"];

/// The kind; `None` for everything that is not taken.
pub(crate) fn kind(begin: &[u8]) -> Option<MediaKind> {
    if begin.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some(MediaKind::Jpeg);
    }
    if begin.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(MediaKind::Png);
    }
    if begin.starts_with(b"GIF87a") || begin.starts_with(b"GIF89a") {
        return Some(MediaKind::Gif);
    }
    if begin.starts_with(b"RIFF") && begin.get(8..12) == Some(b"WEBP") {
        return Some(MediaKind::Webp);
    }
    match (begin.get(4..8)?, begin.get(8..12)?) {
        (b"ftyp", b"qt  ") => Some(MediaKind::Quicktime),
        (b"ftyp", b"M4A " | b"M4B ") => None,
        (b"ftyp", brand) if !NO_VIDEO.contains(&brand) => Some(MediaKind::Mp4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_known_by_its_first_bytes() {
        let known: [(&[u8], MediaKind); 6] = [
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0", MediaKind::Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", MediaKind::Png),
            (b"GIF89a\x01\0\x01\0\0\0\0;", MediaKind::Gif),
            (b"RIFF\x24\0\0\0WEBPVP8 ", MediaKind::Webp),
            (b"\0\0\0\x18ftypmp42\0\0\0\0", MediaKind::Mp4),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", MediaKind::Quicktime),
        ];
        for (begin, expected) in known {
            assert_eq!(kind(begin), Some(expected));
        }
    }

    #[test]
    fn nothing_else_is_taken() {
        let others: [&[u8]; 14] = [
            b"",
            b"\xff\xd8",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\">",
            b"<?xml version=\"1.0\"?><svg>",
            b"<!DOCTYPE html><html>",
            b"GIF88a\x01\0",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"\0\0\0\x18ftypheic\0\0\0\0",
            b"\0\0\0\x18ftypavif\0\0\0\0",
            b"%PDF-1.7\n",
            b"PK\x03\x04\x14\0\0\0",
            b"BM\x36\0\0\0\0\0\0\0",
            b"II*\0\x08\0\0\0",
            b"\x1f\x8b\x08\0\0\0\0\0",
        ];
        for begin in others {
            assert_eq!(kind(begin), None, "{begin:?}");
        }
    }
}
