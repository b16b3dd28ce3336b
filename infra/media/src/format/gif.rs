//! GIF: blocks and extensions (Graphics Interchange Format, version 89a).

use publishing::media::MediaRefusal;

use super::{Cleaned, Remembered, is_padding, provenance, take};

const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const END: u8 = 0x3b;

const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;

/// Applications whose extensions belong to the picture: repetition and colours.
const KEPT: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

/// The application of XMP, see the XMP specification, part 3.
const XMP: &[u8] = b"XMP DataXMP";

/// See [`super::clean`].
pub(super) fn clean(file: &[u8]) -> Result<Cleaned, MediaRefusal> {
    let mut rest = file;
    let mut clean = take(&mut rest, 13)?.to_vec();
    let colours = clean[10];
    clean.extend_from_slice(take(&mut rest, table(colours))?);
    let begin = clean.len();
    let mut remembered = Remembered::default();
    let mut has_image = false;
    loop {
        match take(&mut rest, 1)?[0] {
            END => break,
            IMAGE => {
                has_image = true;
                image(&mut rest, &mut clean)?;
            }
            EXTENSION => extension(&mut rest, &mut clean, &mut remembered)?,
            _ => return Err(MediaRefusal::Malformed),
        }
    }
    if !has_image {
        return Err(MediaRefusal::Malformed);
    }
    if !is_padding(rest) {
        return Err(MediaRefusal::TrailingData);
    }
    if let Some(term) = &remembered.source {
        clean.splice(begin..begin, mark(term));
    }
    clean.push(END);
    Ok(Cleaned { bytes: clean, on_its_side: false })
}

/// Bytes of the colour table that the flags announce.
const fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn image(rest: &mut &[u8], clean: &mut Vec<u8>) -> Result<(), MediaRefusal> {
    let descriptor = take(rest, 9)?;
    let colours = take(rest, table(descriptor[8]))?;
    let code_size = take(rest, 1)?;
    let data = blocks(rest)?;
    for part in [&[IMAGE], descriptor, colours, code_size, data] {
        clean.extend_from_slice(part);
    }
    Ok(())
}

fn extension(rest: &mut &[u8], clean: &mut Vec<u8>, remembered: &mut Remembered) -> Result<(), MediaRefusal> {
    let label = take(rest, 1)?[0];
    let content = blocks(rest)?;
    let application = content.get(1..12);
    if label == CONTROL || (label == APPLICATION && application.is_some_and(|name| KEPT.contains(&name))) {
        clean.extend_from_slice(&[EXTENSION, label]);
        clean.extend_from_slice(content);
    } else {
        remembered.look_at(content);
    }
    Ok(())
}

/// Data in blocks of up to 255 bytes, each after its length; an empty one ends them.
fn blocks<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], MediaRefusal> {
    let begin = *rest;
    loop {
        let length = usize::from(take(rest, 1)?[0]);
        if length == 0 {
            return Ok(&begin[..begin.len() - rest.len()]);
        }
        take(rest, length)?;
    }
}

/// XMP is not cut into blocks; a trailer of falling numbers brings readers who think so to the end of it.
fn mark(term: &str) -> Vec<u8> {
    let trailer: Vec<u8> = std::iter::once(1).chain((0..=255).rev()).chain([0]).collect();
    [&[EXTENSION, APPLICATION, 11], XMP, &provenance::packet(term), &trailer].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{contains, samples};

    fn with(extra: &[u8]) -> Vec<u8> {
        let plain = samples::gif(40, 30);
        let begin = 13 + table(plain[10]);
        [&plain[..begin], extra, &plain[begin..]].concat()
    }

    #[test]
    fn comments_go_and_the_picture_stays() {
        let comment = b"\x21\xfe\x06canary\0";
        let unknown = b"\x21\xff\x0bSOMEAPP1.00\x06canary\0";
        let repeat = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        let cleaned = clean(&with(&[comment.as_slice(), unknown, repeat].concat())).unwrap();
        assert!(!contains(&cleaned.bytes, b"canary"));
        assert!(contains(&cleaned.bytes, b"NETSCAPE2.0"));
        assert_eq!(samples::pixels(&cleaned.bytes), samples::pixels(&samples::gif(40, 30)));
    }

    #[test]
    fn the_mark_of_what_made_it_stays() {
        let mut extension = mark("trainedAlgorithmicMedia");
        let at = extension.windows(11).position(|window| window == b"<rdf:RDF xm").unwrap();
        extension.splice(at..at, *b"<!--canary-->");
        let cleaned = clean(&with(&extension)).unwrap();
        assert!(!contains(&cleaned.bytes, b"canary"));
        assert_eq!(provenance::find(&cleaned.bytes).as_deref(), Some("trainedAlgorithmicMedia"));
        assert_eq!(clean(&cleaned.bytes).unwrap().bytes, cleaned.bytes, "clean is clean");
        assert_eq!(samples::pixels(&cleaned.bytes), samples::pixels(&samples::gif(40, 30)));
    }

    #[test]
    fn another_file_behind_the_picture_and_a_cut_are_refused() {
        let plain = samples::gif(40, 30);
        let polyglot = [plain.clone(), b"<script>".to_vec()].concat();
        assert_eq!(clean(&polyglot).err(), Some(MediaRefusal::TrailingData));
        for length in 0..plain.len() {
            assert!(clean(&plain[..length]).is_err(), "{length}");
        }
    }
}
