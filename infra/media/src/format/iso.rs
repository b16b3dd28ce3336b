//! MP4 and `QuickTime`: boxes (ISO/IEC 14496-12). A video is cleaned where it lies: a box that goes is renamed to `free` and filled with
//! zeros, so that no other byte moves and no table of positions has to change.

use std::{fs::File, io, os::unix::fs::FileExt, time::Duration};

use publishing::media::MediaRefusal;

use super::{be32, provenance};

/// Top-level boxes that a player needs; the others are metadata or room.
const KEPT: [&[u8; 4]; 8] = [b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"ssix", b"styp"];

/// Boxes that hold other boxes in which metadata hide.
const HOLDERS: [&[u8; 4]; 4] = [b"moov", b"trak", b"mdia", b"minf"];

/// The largest movie box that is looked at, in bytes: an hour of video has one of a few megabytes.
const LARGEST_MOVIE: u64 = 32 * 1024 * 1024;

/// The extended type of XMP boxes (XMP specification, part 3).
const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

/// What a movie says about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Movie {
    /// Width in pixels, as people see it.
    pub(crate) width: u32,
    /// Height in pixels, as people see it.
    pub(crate) height: u32,
    /// How long it plays.
    pub(crate) duration: Option<Duration>,
}

/// Why a video was not cleaned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IsoError {
    /// It is not acceptable.
    #[error(transparent)]
    Refused(#[from] MediaRefusal),
    /// Its file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// A box within a file.
struct Outer {
    name: [u8; 4],
    begin: u64,
    content: u64,
    end: u64,
}

/// Cleans a file of `length` bytes in place.
pub(crate) fn clean(file: &File, length: u64) -> Result<Movie, IsoError> {
    let (mut position, mut movie, mut has_frames) = (0, None, false);
    while position < length {
        let outer = outer(file, position, length, movie.is_some() && has_frames)?;
        match &outer.name {
            b"ftyp" if position == 0 => {}
            _ if position == 0 => return Err(MediaRefusal::Malformed.into()),
            b"moov" if movie.is_some() => return Err(MediaRefusal::Malformed.into()),
            b"moov" => movie = Some(clean_movie(file, &outer)?),
            b"mdat" => has_frames = true,
            name if KEPT.contains(&name) => {}
            _ => blank_outer(file, &outer)?,
        }
        position = outer.end;
    }
    match movie {
        Some(movie) if has_frames && movie.width > 0 && movie.height > 0 => Ok(movie),
        _ => Err(MediaRefusal::Malformed.into()),
    }
}

/// The box at a position. What does not fit, once everything a video needs was there, is not part of the video.
fn outer(file: &File, begin: u64, length: u64, complete: bool) -> Result<Outer, IsoError> {
    let wrong = if complete { MediaRefusal::TrailingData } else { MediaRefusal::Malformed };
    let mut head = [0; 16];
    let available = usize::try_from((length - begin).min(16)).unwrap_or(16);
    file.read_exact_at(&mut head[..available], begin)?;
    let name = [head[4], head[5], head[6], head[7]];
    let short = u64::from(be32(&head, 0).unwrap_or(0));
    let (header, size) = match short {
        0 => (8, length - begin),
        1 => (16, u64::from_be_bytes(*head.last_chunk().unwrap_or(&[0; 8]))),
        size => (8, size),
    };
    let end = begin.checked_add(size).filter(|end| *end <= length && size >= header && available >= 8);
    let end =
        end.filter(|_| name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ' || *byte == 0xa9));
    Ok(Outer { name, begin, content: begin + header, end: end.ok_or(wrong)? })
}

/// Blanks a box; if it told what made the video, the room is used to say so again.
fn blank_outer(file: &File, outer: &Outer) -> Result<(), IsoError> {
    const PIECE: u64 = 64 * 1024;
    let mut position = outer.content;
    let mut mark = None;
    while position < outer.end {
        let mut piece = vec![0; usize::try_from((outer.end - position).min(PIECE)).unwrap_or(0)];
        file.read_exact_at(&mut piece, position)?;
        mark = mark.or_else(|| provenance::find(&piece));
        piece.fill(0);
        file.write_all_at(&piece, position)?;
        position += piece.len() as u64;
    }
    file.write_all_at(b"free", outer.begin + 4)?;
    let Some(mut packet) = mark.map(|term| provenance::packet(&term)) else { return Ok(()) };
    let room = usize::try_from(outer.end - outer.content).unwrap_or(0).saturating_sub(XMP.len());
    if packet.len() <= room && outer.end - outer.content <= LARGEST_MOVIE {
        // XMP may be followed by white space.
        packet.resize(room, b' ');
        file.write_all_at(b"uuid", outer.begin + 4)?;
        file.write_all_at(&[XMP.as_slice(), &packet].concat(), outer.content)?;
    }
    Ok(())
}

fn clean_movie(file: &File, outer: &Outer) -> Result<Movie, IsoError> {
    let size = outer.end - outer.content;
    if size > LARGEST_MOVIE {
        return Err(MediaRefusal::Malformed.into());
    }
    let mut content = vec![0; usize::try_from(size).unwrap_or(0)];
    file.read_exact_at(&mut content, outer.content)?;
    let mut movie = Movie::default();
    clean_inner(&mut content, &mut movie, 0)?;
    file.write_all_at(&content, outer.content)?;
    Ok(movie)
}

/// Cleans the boxes within a holder.
fn clean_inner(content: &mut [u8], movie: &mut Movie, depth: usize) -> Result<(), MediaRefusal> {
    let mut rest = content;
    // Some writers end a holder with four zeros.
    while rest.len() >= 8 {
        let size = be32(rest, 0).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        if size < 8 || size > rest.len() {
            return Err(MediaRefusal::Malformed);
        }
        let (current, next) = rest.split_at_mut(size);
        rest = next;
        let (head, inner) = current.split_at_mut(8);
        match &*head {
            [.., b'u', b'd', b't', b'a'] | [.., b'm', b'e', b't', b'a'] | [.., b'u', b'u', b'i', b'd'] => {
                inner.fill(0);
                head[4..].copy_from_slice(b"free");
            }
            [.., b'm', b'v', b'h', b'd'] => movie.duration = duration(inner),
            [.., b't', b'k', b'h', b'd'] if movie.width == 0 => (movie.width, movie.height) = size_of(inner),
            [.., a, b, c, d] if depth < 4 && HOLDERS.contains(&&[*a, *b, *c, *d]) => {
                clean_inner(inner, movie, depth + 1)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// From the movie header: time scale and duration, in two widths.
fn duration(header: &[u8]) -> Option<Duration> {
    let (scale, units) = match header.first()? {
        0 => (be32(header, 12)?, u64::from(be32(header, 16)?)),
        1 => (be32(header, 20)?, u64::from_be_bytes(*header.get(24..)?.first_chunk()?)),
        _ => return None,
    };
    let millis = u128::from(units) * 1000 / u128::from(scale).max(1);
    (scale > 0).then(|| Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
}

/// From the track header: a matrix, and width and height as 16.16 numbers. Tracks without a picture have zeros.
fn size_of(header: &[u8]) -> (u32, u32) {
    let matrix = if header.first() == Some(&1) { 52 } else { 40 };
    let number = |at: usize| be32(header, matrix + at).unwrap_or(0);
    let (width, height) = (number(36) >> 16, number(40) >> 16);
    // A quarter turn has nothing on the matrix's diagonal.
    if number(0) == 0 && number(4) != 0 { (height, width) } else { (width, height) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{contains, samples};

    fn cleaned(video: &[u8]) -> Result<(Movie, Vec<u8>), IsoError> {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(video, 0).unwrap();
        let movie = clean(&file, video.len() as u64)?;
        let mut bytes = vec![0; video.len()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        Ok((movie, bytes))
    }

    fn refused(video: &[u8]) -> MediaRefusal {
        match cleaned(video).unwrap_err() {
            IsoError::Refused(refusal) => refusal,
            IsoError::File(error) => panic!("{error}"),
        }
    }

    #[test]
    fn duration_and_size_are_read_and_positions_go_without_moving_a_byte() {
        let video = samples::video(b"mp42", false, &samples::iso_box(b"meta", b"canary"), &[]);
        let (movie, bytes) = cleaned(&video).unwrap();
        assert_eq!(movie, Movie { width: 640, height: 360, duration: Some(Duration::from_millis(2_500)) });
        assert!(contains(&video, b"canary") && !contains(&bytes, b"canary"));
        let frames = |bytes: &[u8]| bytes.windows(6).position(|window| window == b"frames");
        assert_eq!(frames(&bytes), frames(&video));
    }

    #[test]
    fn a_video_on_its_side_is_as_wide_as_people_see_it() {
        let (movie, _) = cleaned(&samples::video(b"qt  ", true, &[], &[])).unwrap();
        assert_eq!((movie.width, movie.height), (360, 640));
    }

    #[test]
    fn unknown_boxes_are_emptied_and_the_mark_of_what_made_it_stays() {
        let text = format!(
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia{}",
            "canary ".repeat(100)
        );
        let uuid = samples::iso_box(b"uuid", text.as_bytes());
        let room = samples::iso_box(b"free", b"canary<script>");
        let (_, bytes) = cleaned(&samples::video(b"isom", false, &[], &[uuid, room].concat())).unwrap();
        assert!(!contains(&bytes, b"canary"));
        assert_eq!(provenance::find(&bytes).as_deref(), Some("trainedAlgorithmicMedia"));
    }

    #[test]
    fn another_file_behind_the_video_is_refused() {
        for hidden in [b"PK\x03\x04payload of an archive".as_slice(), b"<script>alert(1)</script>", b"x"] {
            assert_eq!(refused(&samples::video(b"mp42", false, &[], hidden)), MediaRefusal::TrailingData);
        }
    }

    #[test]
    fn a_video_without_frames_movie_or_size_is_damaged() {
        let kind = samples::iso_box(b"ftyp", b"mp42\0\0\0\0");
        let frames = samples::iso_box(b"mdat", b"frames");
        assert_eq!(refused(&[kind.clone(), frames.clone()].concat()), MediaRefusal::Malformed);
        let empty = samples::iso_box(b"moov", b"");
        assert_eq!(refused(&[kind.clone(), frames, empty.clone()].concat()), MediaRefusal::Malformed);
        assert_eq!(refused(&[kind, empty].concat()), MediaRefusal::Malformed);
        let whole = samples::video(b"mp42", false, &[], &[]);
        for length in 1..whole.len() {
            assert!(cleaned(&whole[..length]).is_err(), "{length}");
        }
    }
}
