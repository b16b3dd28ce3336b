//! WebP: RIFF chunks (RFC 9649).

use publishing::media::MediaRefusal;

use super::{Cleaned, Remembered, exif, is_padding, provenance, take};

/// Flags of the extended header that metadata have.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

/// See [`super::clean`].
pub(super) fn clean(file: &[u8]) -> Result<Cleaned, MediaRefusal> {
    let mut rest = file;
    let header = take(&mut rest, 12)?;
    let size = size(header, 4)?;
    let mut chunks = take(&mut rest, size.checked_sub(4).ok_or(MediaRefusal::Malformed)?)?;
    if !is_padding(rest) {
        return Err(MediaRefusal::TrailingData);
    }
    let mut remembered = Remembered::default();
    let (mut body, mut has_pixels) = (Vec::new(), false);
    while !chunks.is_empty() {
        let (name, content) = read(&mut chunks)?;
        match name {
            b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => {
                body.extend(chunk(name, content));
            }
            b"EXIF" => remembered.look_at_exif(content.strip_prefix(b"Exif\0\0").unwrap_or(content)),
            _ => remembered.look_at(content),
        }
        has_pixels |= matches!(name, b"VP8 " | b"VP8L" | b"ANMF");
    }
    if !has_pixels {
        return Err(MediaRefusal::Malformed);
    }
    // Only a file with the extended header can have metadata.
    if body.starts_with(b"VP8X") && body.len() > 8 {
        body[8] &= !(HAS_EXIF | HAS_XMP);
        if let Some(turn) = remembered.turn() {
            body[8] |= HAS_EXIF;
            body.extend(chunk(b"EXIF", &exif::only(turn)));
        }
        if let Some(term) = &remembered.source {
            body[8] |= HAS_XMP;
            body.extend(chunk(b"XMP ", &provenance::packet(term)));
        }
    }
    let length = u32::try_from(body.len() + 4).map_err(|_| MediaRefusal::Malformed)?;
    let bytes = [b"RIFF", length.to_le_bytes().as_slice(), b"WEBP", &body].concat();
    Ok(Cleaned { bytes, on_its_side: remembered.on_its_side() })
}

fn size(bytes: &[u8], at: usize) -> Result<usize, MediaRefusal> {
    let length = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).ok_or(MediaRefusal::Malformed)?;
    usize::try_from(u32::from_le_bytes(*length)).map_err(|_| MediaRefusal::Malformed)
}

/// Name and content; an odd one has a byte of padding behind it, which some writers forget at the very end.
fn read<'a>(chunks: &mut &'a [u8]) -> Result<(&'a [u8; 4], &'a [u8]), MediaRefusal> {
    let head = take(chunks, 8)?;
    let length = size(head, 4)?;
    let content = take(chunks, length)?;
    if length % 2 == 1 && !chunks.is_empty() {
        take(chunks, 1)?;
    }
    Ok((head.first_chunk().ok_or(MediaRefusal::Malformed)?, content))
}

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    // Chunks come from a file whose whole length fits, but for the short ones made here.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes();
    let padding: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [name, &length, content, padding].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{contains, samples};

    /// The sample under an extended header with these flags, followed by chunks.
    fn extended(flags: u8, extra: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let plain = samples::webp(40, 30);
        let mut body = chunk(b"VP8X", &[flags, 0, 0, 0, 39, 0, 0, 29, 0, 0]);
        body.extend_from_slice(&plain[12..]);
        body.extend(extra.iter().flat_map(|(name, content)| chunk(name.as_slice(), content)));
        let length = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
        [b"RIFF", length.as_slice(), b"WEBP", &body].concat()
    }

    #[test]
    fn metadata_go_and_the_flags_say_so() {
        let dirty = extended(HAS_XMP, &[(b"XMP ", b"canary!"), (b"zzzz", b"canary")]);
        let cleaned = clean(&dirty).unwrap();
        assert!(!contains(&cleaned.bytes, b"canary"));
        assert_eq!(cleaned.bytes, extended(0, &[]));
        assert_eq!(samples::pixels(&cleaned.bytes), samples::pixels(&samples::webp(40, 30)));
    }

    #[test]
    fn position_goes_and_the_turn_and_the_mark_stay() {
        let position = samples::exif_with_position(5);
        let mark = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia canary";
        let cleaned = clean(&extended(HAS_EXIF | HAS_XMP, &[(b"EXIF", &position), (b"XMP ", mark)])).unwrap();
        assert!(cleaned.on_its_side);
        assert!(!contains(&cleaned.bytes, b"canary"));
        let packet = provenance::packet("trainedAlgorithmicMedia");
        let expected = extended(HAS_EXIF | HAS_XMP, &[(b"EXIF", &exif::only(5)), (b"XMP ", &packet)]);
        assert_eq!(cleaned.bytes, expected);
    }

    #[test]
    fn another_file_behind_the_picture_and_a_cut_are_refused() {
        let plain = samples::webp(40, 30);
        let polyglot = [plain.clone(), b"%PDF-1.7".to_vec()].concat();
        assert_eq!(clean(&polyglot).err(), Some(MediaRefusal::TrailingData));
        for length in 0..plain.len() {
            assert!(clean(&plain[..length]).is_err(), "{length}");
        }
    }
}
