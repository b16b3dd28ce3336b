//! JPEG: segments up to the end of the picture (ITU-T T.81, annex B).

use publishing::media::MediaRefusal;

use super::{Cleaned, Remembered, exif, is_padding, provenance, take};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// See [`super::clean`].
pub(super) fn clean(file: &[u8]) -> Result<Cleaned, MediaRefusal> {
    let mut rest = file;
    if take(&mut rest, 2)? != [0xff, START] {
        return Err(MediaRefusal::Malformed);
    }
    let mut picture = Picture::default();
    while picture.segment(&mut rest)? {}
    if !(picture.has_frame && picture.has_scan) {
        return Err(MediaRefusal::Malformed);
    }
    // Phones announce what they put behind the picture: a depth map, a brighter copy, a short video. It is cut off like any
    // other metadata. What nobody announced may be another file in disguise.
    let announced = picture.remembered.announces_more || rest.ends_with(b"SEFT");
    if !announced && !is_padding(rest) {
        return Err(MediaRefusal::TrailingData);
    }
    Ok(Cleaned { bytes: picture.assemble(), on_its_side: picture.remembered.on_its_side() })
}

#[derive(Default)]
struct Picture {
    /// The JFIF header, which comes first.
    header: Vec<u8>,
    body: Vec<u8>,
    remembered: Remembered,
    has_frame: bool,
    has_scan: bool,
}

impl Picture {
    /// Reads one segment and, after the header of a scan, the scan. `false` at the end of the picture.
    fn segment(&mut self, rest: &mut &[u8]) -> Result<bool, MediaRefusal> {
        let marker = marker(rest)?;
        match marker {
            END => return Ok(false),
            // Markers that stand alone or are reserved have no place between segments.
            0x00..=0xbf | 0xd0..=START | 0xff => return Err(MediaRefusal::Malformed),
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([take(rest, 1)?[0], take(rest, 1)?[0]]));
        let content = take(rest, length.checked_sub(2).ok_or(MediaRefusal::Malformed)?)?;
        self.has_frame |= matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        match marker {
            APP0 if content.len() >= 14 && content.starts_with(b"JFIF\0") => {
                // The numbers without the thumbnail.
                self.header = segment(APP0, &[&content[..12], &[0, 0]]);
            }
            APP2 if content.starts_with(PROFILE) => self.body.extend(segment(marker, &[content])),
            // Without it decoders guess the colours of some files.
            APP14 if content.starts_with(b"Adobe") => self.body.extend(segment(marker, &[content])),
            APP0..=0xef | 0xfe => self.drop_segment(content),
            _ => self.body.extend(segment(marker, &[content])),
        }
        if marker == SCAN {
            self.has_scan = true;
            self.body.extend_from_slice(scan(rest)?);
        }
        Ok(true)
    }

    fn drop_segment(&mut self, content: &[u8]) {
        match content.strip_prefix(EXIF) {
            Some(tiff) => self.remembered.look_at_exif(tiff),
            None => self.remembered.look_at(content),
        }
        // The multi-picture format (CIPA DC-007) announces further pictures.
        self.remembered.announces_more |= content.starts_with(b"MPF\0");
    }

    fn assemble(&self) -> Vec<u8> {
        let mut file = vec![0xff, START];
        file.extend_from_slice(&self.header);
        if let Some(turn) = self.remembered.turn() {
            file.extend(segment(APP1, &[EXIF, &exif::only(turn)]));
        }
        if let Some(term) = &self.remembered.source {
            file.extend(segment(APP1, &[XMP, &provenance::packet(term)]));
        }
        file.extend_from_slice(&self.body);
        file.extend_from_slice(&[0xff, END]);
        file
    }
}

/// The next marker; any number of fill bytes may stand before it.
fn marker(rest: &mut &[u8]) -> Result<u8, MediaRefusal> {
    if take(rest, 1)? != [0xff] {
        return Err(MediaRefusal::Malformed);
    }
    loop {
        match take(rest, 1)?[0] {
            0xff => {}
            marker => return Ok(marker),
        }
    }
}

/// The entropy-coded data of a scan, up to the next marker that is not part of it.
fn scan<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], MediaRefusal> {
    let belongs = |next: u8| next == 0 || matches!(next, 0xd0..=0xd7);
    let end = rest.windows(2).position(|pair| pair[0] == 0xff && pair[1] != 0xff && !belongs(pair[1]));
    take(rest, end.ok_or(MediaRefusal::Malformed)?)
}

fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    // Nothing that is written here is longer than what was read, but for the short packets made above.
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    [&[0xff, marker], length.as_slice(), &content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::samples;

    const CANARY: &[u8] = b"canary";

    fn with(segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let plain = samples::jpeg(40, 30);
        let extra = segments.iter().flat_map(|(marker, content)| segment(*marker, &[content]));
        [plain[..2].to_vec(), extra.collect(), plain[2..].to_vec()].concat()
    }

    #[test]
    fn the_picture_itself_stays_the_same() {
        let plain = samples::jpeg(40, 30);
        let cleaned = clean(&with(&[(0xfe, CANARY.to_vec())])).unwrap();
        assert_eq!(samples::pixels(&cleaned.bytes), samples::pixels(&plain));
        assert!(!cleaned.on_its_side);
    }

    #[test]
    fn position_owner_and_comments_go_and_the_turn_stays() {
        let position = [EXIF, &samples::exif_with_position(6)].concat();
        let dirty = with(&[
            (APP1, position),
            (APP1, [XMP, CANARY].concat()),
            (0xed, [b"Photoshop 3.0\0", CANARY].concat()),
            (0xe4, CANARY.to_vec()),
            (0xfe, CANARY.to_vec()),
        ]);
        let cleaned = clean(&dirty).unwrap();
        assert!(!super::super::contains(&cleaned.bytes, CANARY));
        assert!(super::super::contains(&cleaned.bytes, &[EXIF, &exif::only(6)].concat()));
        assert!(cleaned.on_its_side);
        assert_eq!(clean(&cleaned.bytes).unwrap().bytes, cleaned.bytes, "clean is clean");
    }

    #[test]
    fn the_colour_profile_stays() {
        let profile = [PROFILE, b"\x01\x01", b"profile"].concat();
        let cleaned = clean(&with(&[(APP2, profile.clone()), (APP2, b"FPXR\0canary".to_vec())])).unwrap();
        assert!(super::super::contains(&cleaned.bytes, &profile));
        assert!(!super::super::contains(&cleaned.bytes, CANARY));
    }

    #[test]
    fn the_mark_of_what_made_it_stays_and_nothing_around_it() {
        let xmp = b"canary http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia canary";
        let cleaned = clean(&with(&[(0xeb, xmp.to_vec())])).unwrap();
        assert_eq!(provenance::find(&cleaned.bytes).as_deref(), Some("trainedAlgorithmicMedia"));
        assert!(!super::super::contains(&cleaned.bytes, CANARY));
    }

    #[test]
    fn another_file_behind_the_picture_is_refused() {
        for hidden in [b"PK\x03\x04payload".as_slice(), b"<script>", b"\xff\xd8\xff\xe0second"] {
            let polyglot = [samples::jpeg(40, 30), hidden.to_vec()].concat();
            assert_eq!(clean(&polyglot).err(), Some(MediaRefusal::TrailingData));
        }
    }

    #[test]
    fn padding_and_announced_parts_behind_the_picture_are_cut_off() {
        let plain = clean(&samples::jpeg(40, 30)).unwrap().bytes;
        let padded = [samples::jpeg(40, 30), vec![0; 512]].concat();
        assert_eq!(clean(&padded).unwrap().bytes, plain);
        let several = [with(&[(APP2, b"MPF\0index".to_vec())]), samples::jpeg(8, 8)].concat();
        assert_eq!(clean(&several).unwrap().bytes, plain);
    }

    #[test]
    fn a_cut_file_is_damaged_wherever_it_is_cut() {
        let plain = samples::jpeg(40, 30);
        for length in 0..plain.len() {
            assert!(clean(&plain[..length]).is_err(), "{length}");
        }
    }
}
