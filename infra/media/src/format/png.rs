//! PNG: chunks with check sums (W3C Portable Network Graphics, third edition).

use publishing::media::MediaRefusal;

use super::{Cleaned, Remembered, be32, exif, is_padding, provenance, take};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that the picture needs, animation and colours included; the others are metadata.
const KEPT: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD",
    b"hIST", b"pHYs", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

/// What comes before the text of an uncompressed XMP chunk: keyword, no compression, no language, no translation.
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";

/// See [`super::clean`].
pub(super) fn clean(file: &[u8]) -> Result<Cleaned, MediaRefusal> {
    let mut rest = file;
    if take(&mut rest, SIGNATURE.len())? != SIGNATURE {
        return Err(MediaRefusal::Malformed);
    }
    let mut remembered = Remembered::default();
    let (mut header, mut body) = (SIGNATURE.to_vec(), Vec::new());
    let mut has_pixels = false;
    loop {
        let (name, whole) = read(&mut rest)?;
        let content = &whole[8..whole.len() - 4];
        match name {
            b"IHDR" if header.len() == SIGNATURE.len() => header.extend_from_slice(whole),
            // The header comes first and once.
            _ if header.len() == SIGNATURE.len() || name == b"IHDR" => return Err(MediaRefusal::Malformed),
            b"eXIf" => remembered.look_at_exif(content),
            _ if KEPT.contains(&name) => body.extend_from_slice(whole),
            // A chunk with a capital letter first is essential, and none but these four is known.
            _ if name[0].is_ascii_uppercase() => return Err(MediaRefusal::Malformed),
            _ => remembered.look_at(content),
        }
        has_pixels |= name == b"IDAT";
        if name == b"IEND" {
            break;
        }
    }
    if !has_pixels {
        return Err(MediaRefusal::Malformed);
    }
    if !is_padding(rest) {
        return Err(MediaRefusal::TrailingData);
    }
    if let Some(turn) = remembered.turn() {
        header.extend(chunk(b"eXIf", &exif::only(turn)));
    }
    if let Some(term) = &remembered.source {
        header.extend(chunk(b"iTXt", &[XMP, &provenance::packet(term)].concat()));
    }
    header.extend(body);
    Ok(Cleaned { bytes: header, on_its_side: remembered.on_its_side() })
}

/// The name and the whole of a chunk whose check sum is right: length, name, content, check sum.
fn read<'a>(rest: &mut &'a [u8]) -> Result<(&'a [u8; 4], &'a [u8]), MediaRefusal> {
    let length =
        be32(rest, 0).and_then(|length| usize::try_from(length).ok()).ok_or(MediaRefusal::Malformed)?;
    let whole = take(rest, length.checked_add(12).ok_or(MediaRefusal::Malformed)?)?;
    let summed = &whole[4..8 + length];
    if be32(whole, 8 + length) != Some(crc32fast::hash(summed)) {
        return Err(MediaRefusal::Malformed);
    }
    Ok((summed.first_chunk().ok_or(MediaRefusal::Malformed)?, whole))
}

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let summed = [name, content].concat();
    // What is written here is a few hundred bytes long.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
    [length.as_slice(), &summed, &crc32fast::hash(&summed).to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{contains, samples};

    /// The sample with chunks behind its header.
    fn with(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let plain = samples::png(40, 30);
        let extra: Vec<u8> =
            chunks.iter().flat_map(|(name, content)| chunk(name.as_slice(), content)).collect();
        [&plain[..33], &extra, &plain[33..]].concat()
    }

    #[test]
    fn texts_and_times_go_and_the_picture_stays() {
        let dirty = with(&[
            (b"tEXt", b"Author\0canary"),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0canary"),
            (b"tIME", b"canary!"),
            (b"prVt", b"canary"),
            (b"gAMA", &45_455_u32.to_be_bytes()),
        ]);
        let cleaned = clean(&dirty).unwrap();
        assert!(!contains(&cleaned.bytes, b"canary"));
        assert!(contains(&cleaned.bytes, b"gAMA"));
        assert_eq!(samples::pixels(&cleaned.bytes), samples::pixels(&samples::png(40, 30)));
    }

    #[test]
    fn position_goes_and_the_turn_and_the_mark_stay() {
        let exif_chunk = samples::exif_with_position(8);
        let mark = b"XML:com.adobe.xmp\0\0\0\0\0canary http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic";
        let cleaned = clean(&with(&[(b"eXIf", &exif_chunk), (b"iTXt", mark)])).unwrap();
        assert!(cleaned.on_its_side);
        assert!(!contains(&cleaned.bytes, b"canary"));
        assert!(contains(&cleaned.bytes, &exif::only(8)));
        assert_eq!(provenance::find(&cleaned.bytes).as_deref(), Some("compositeSynthetic"));
        assert_eq!(clean(&cleaned.bytes).unwrap().bytes, cleaned.bytes, "clean is clean");
        assert_eq!(samples::pixels(&cleaned.bytes), samples::pixels(&samples::png(40, 30)));
    }

    #[test]
    fn another_file_behind_the_picture_is_refused() {
        let polyglot = [samples::png(40, 30), b"PK\x03\x04".to_vec()].concat();
        assert_eq!(clean(&polyglot).err(), Some(MediaRefusal::TrailingData));
    }

    #[test]
    fn a_wrong_check_sum_an_unknown_essential_chunk_and_a_cut_are_damage() {
        let plain = samples::png(40, 30);
        let mut changed = plain.clone();
        changed[20] ^= 1;
        assert_eq!(clean(&changed).err(), Some(MediaRefusal::Malformed));
        assert_eq!(clean(&with(&[(b"ABCD", b"")])).err(), Some(MediaRefusal::Malformed));
        for length in 0..plain.len() {
            assert!(clean(&plain[..length]).is_err(), "{length}");
        }
    }
}
