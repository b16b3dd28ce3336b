//! [`Inspector`]: takes bytes in, finds out what they are, cleans them.

use std::{
    fs::File,
    io::{self, Cursor},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use image::{ImageError, ImageFormat, ImageReader};
use publishing::media::{
    Digest, MediaKind, MediaRefusal,
    inspector::{Declared, Incoming, IncomingError, InspectError, Inspected, Inspector, Spooled},
    storage::MediaStream,
};
use sha2::{Digest as _, Sha256};
use tokio::{io::AsyncWriteExt, sync::Semaphore};

use crate::{
    format::{self, iso, iso::IsoError},
    local::make_directory,
    reading::stream,
    sniff,
};

/// Files that are looked at at the same time. Each costs up to twice the largest picture in memory.
const AT_ONCE: usize = 2;

/// The most that reading a picture's header may allocate, in bytes; a colour profile is the largest part of it.
const HEADER_MEMORY: u64 = 64 * 1024 * 1024;

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a picture.
    pub image_bytes: u64,
    /// Bytes of a video.
    pub video_bytes: u64,
    /// Pixels of a picture or a frame.
    pub pixels: u64,
}

impl Default for Limits {
    /// 32 MiB, 256 MiB, 50 million.
    fn default() -> Self {
        Self { image_bytes: 32 * 1024 * 1024, video_bytes: 256 * 1024 * 1024, pixels: 50_000_000 }
    }
}

impl Limits {
    const fn of(&self, kind: MediaKind) -> u64 {
        if kind.is_image() { self.image_bytes } else { self.video_bytes }
    }
}

/// Works in files without a name, which go with the process.
pub struct FileInspector {
    directory: PathBuf,
    limits: Limits,
    turns: Semaphore,
}

impl FileInspector {
    /// Files lie in `directory`, which must have room for the uploads that run at the same time. If it is missing it is made, for
    /// its owner alone: uploads are in it before they are encrypted.
    pub fn open(directory: &Path, limits: Limits) -> io::Result<Self> {
        make_directory(directory)?;
        Ok(Self { directory: directory.to_owned(), limits, turns: Semaphore::new(AT_ONCE) })
    }

    /// Writes the bytes to a file, up to the limit of what they turn out to be.
    async fn take_in(&self, mut incoming: Incoming) -> Result<(File, u64, MediaKind), InspectError> {
        let file = tempfile::tempfile_in(&self.directory).map_err(unavailable)?;
        let mut writer = tokio::fs::File::from_std(file.try_clone().map_err(unavailable)?);
        let (mut begin, mut kind, mut length) = (Vec::new(), None, 0);
        while let Some(piece) = incoming.next().await {
            let piece = piece.map_err(refuse_incoming)?;
            length += piece.len() as u64;
            if begin.len() < sniff::ENOUGH {
                begin.extend_from_slice(&piece[..piece.len().min(sniff::ENOUGH)]);
            }
            if kind.is_none() && begin.len() >= sniff::ENOUGH {
                kind = Some(sniff::kind(&begin).ok_or(MediaRefusal::UnsupportedType)?);
            }
            let limit = kind.map_or(self.limits.image_bytes, |kind| self.limits.of(kind));
            if length > limit {
                return Err(MediaRefusal::TooLarge { limit }.into());
            }
            writer.write_all(&piece).await.map_err(unavailable)?;
        }
        writer.flush().await.map_err(unavailable)?;
        match (length, kind.or_else(|| sniff::kind(&begin))) {
            (0, _) => Err(MediaRefusal::Empty.into()),
            (_, None) => Err(MediaRefusal::UnsupportedType.into()),
            (length, Some(kind)) => Ok((file, length, kind)),
        }
    }
}

#[async_trait]
impl Inspector for FileInspector {
    async fn inspect(&self, declared: &Declared, incoming: Incoming) -> Result<Inspected, InspectError> {
        let (file, length, kind) = self.take_in(incoming).await?;
        if !declared.content_type.as_deref().is_none_or(|declared| kind.agrees_with_type(declared)) {
            return Err(MediaRefusal::TypeMismatch { found: kind }.into());
        }
        if !declared.filename.as_deref().is_none_or(|name| kind.agrees_with_name(name)) {
            return Err(MediaRefusal::ExtensionMismatch { found: kind }.into());
        }
        let cancelled = || InspectError::Unavailable("the work was cancelled".to_owned());
        let _turn = self.turns.acquire().await.map_err(|_| cancelled())?;
        let pixels = self.limits.pixels;
        let work = move || {
            if kind.is_image() {
                picture(file, length, kind, pixels)
            } else {
                video(file, length, kind, pixels)
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| cancelled())?
    }

    fn largest(&self) -> u64 {
        self.limits.image_bytes.max(self.limits.video_bytes)
    }
}

/// The bytes in their file.
struct Spool {
    file: Arc<File>,
    length: u64,
}

impl Spooled for Spool {
    fn read(&self) -> Result<MediaStream, InspectError> {
        Ok(stream(Arc::clone(&self.file), 0..self.length))
    }
}

fn picture(file: File, length: u64, kind: MediaKind, limit: u64) -> Result<Inspected, InspectError> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0).map_err(unavailable)?;
    let cleaned = format::clean(kind, &bytes)?;
    drop(bytes);
    let (width, height) = dimensions(&cleaned.bytes, kind, limit)?;
    file.set_len(0).and_then(|()| file.write_all_at(&cleaned.bytes, 0)).map_err(unavailable)?;
    let (width, height) = if cleaned.on_its_side { (height, width) } else { (width, height) };
    let length = cleaned.bytes.len() as u64;
    Ok(Inspected {
        kind,
        width,
        height,
        duration: None,
        bytes: length,
        digest: Digest(Sha256::digest(&cleaned.bytes).into()),
        spooled: Box::new(Spool { file: Arc::new(file), length }),
    })
}

/// Width and height as a decoder sees them; nothing is decoded but the header.
fn dimensions(file: &[u8], kind: MediaKind, limit: u64) -> Result<(u32, u32), MediaRefusal> {
    let format = match kind {
        MediaKind::Jpeg => ImageFormat::Jpeg,
        MediaKind::Png => ImageFormat::Png,
        MediaKind::Gif => ImageFormat::Gif,
        MediaKind::Webp => ImageFormat::WebP,
        MediaKind::Mp4 | MediaKind::Quicktime => return Err(MediaRefusal::UnsupportedType),
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(HEADER_MEMORY);
    reader.limits(limits);
    let (width, height) = reader.into_dimensions().map_err(|error| match error {
        ImageError::Limits(_) => MediaRefusal::TooManyPixels { limit },
        _ => MediaRefusal::Malformed,
    })?;
    check_pixels(width, height, limit)?;
    Ok((width, height))
}

fn check_pixels(width: u32, height: u32, limit: u64) -> Result<(), MediaRefusal> {
    match u64::from(width) * u64::from(height) {
        0 => Err(MediaRefusal::Malformed),
        pixels if pixels > limit => Err(MediaRefusal::TooManyPixels { limit }),
        _ => Ok(()),
    }
}

fn video(file: File, length: u64, kind: MediaKind, limit: u64) -> Result<Inspected, InspectError> {
    let movie = iso::clean(&file, length).map_err(|error| match error {
        IsoError::Refused(refusal) => refusal.into(),
        IsoError::File(error) => unavailable(error),
    })?;
    check_pixels(movie.width, movie.height, limit)?;
    Ok(Inspected {
        kind,
        width: movie.width,
        height: movie.height,
        duration: movie.duration.filter(|duration| *duration > Duration::ZERO),
        bytes: length,
        digest: digest(&file, length).map_err(unavailable)?,
        spooled: Box::new(Spool { file: Arc::new(file), length }),
    })
}

fn digest(file: &File, length: u64) -> io::Result<Digest> {
    let (mut hash, mut position, mut piece) = (Sha256::new(), 0, vec![0; 256 * 1024]);
    while position < length {
        let read = file.read_at(&mut piece, position)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&piece[..read]);
        position += read as u64;
    }
    Ok(Digest(hash.finalize().into()))
}

fn refuse_incoming(error: IncomingError) -> InspectError {
    use publishing::media::fetch::FetchError;
    match error {
        IncomingError::Interrupted => InspectError::Interrupted,
        IncomingError::TooLarge(limit) | IncomingError::Fetch(FetchError::TooLarge(limit)) => {
            MediaRefusal::TooLarge { limit }.into()
        }
        IncomingError::Fetch(error) => MediaRefusal::NotFetched(error).into(),
    }
}

/// An error of the file system, without the path.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn unavailable(error: io::Error) -> InspectError {
    InspectError::Unavailable(error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::TryStreamExt;
    use publishing::media::fetch::FetchError;

    use super::*;
    use crate::format::samples;

    fn inspector() -> FileInspector {
        let limits = Limits { image_bytes: 200_000, video_bytes: 400_000, pixels: 1_000_000 };
        FileInspector::open(&std::env::temp_dir(), limits).unwrap()
    }

    fn incoming(file: &[u8]) -> Incoming {
        let pieces: Vec<_> = file.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        futures::stream::iter(pieces).boxed()
    }

    #[test]
    fn the_directory_of_uploads_is_made_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("spool");
        for _ in 0..2 {
            FileInspector::open(&directory, Limits::default()).unwrap();
            assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert!(FileInspector::open(Path::new("/dev/null/spool"), Limits::default()).is_err());
    }

    async fn inspect(file: &[u8], content_type: &str, filename: &str) -> Result<Inspected, MediaRefusal> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let declared = Declared { content_type: some(content_type), filename: some(filename) };
        inspector().inspect(&declared, incoming(file)).await.map_err(|error| match error {
            InspectError::Refused(refusal) => refusal,
            other => panic!("{other}"),
        })
    }

    async fn refused(file: &[u8], content_type: &str, filename: &str) -> MediaRefusal {
        inspect(file, content_type, filename).await.err().unwrap()
    }

    #[tokio::test]
    async fn each_kind_is_known_by_its_content_and_measured() {
        let files = [
            (samples::jpeg(40, 30), MediaKind::Jpeg, "image/jpeg", "a.JPG"),
            (samples::png(40, 30), MediaKind::Png, "", ""),
            (samples::gif(40, 30), MediaKind::Gif, "application/octet-stream", "no-extension"),
            (samples::webp(40, 30), MediaKind::Webp, "image/webp", "a.webp"),
        ];
        for (file, kind, content_type, filename) in files {
            let found = inspect(&file, content_type, filename).await.unwrap();
            assert_eq!((found.kind, found.width, found.height, found.duration), (kind, 40, 30, None));
            let bytes = found.spooled.read().unwrap().try_collect::<Vec<_>>().await.unwrap().concat();
            assert_eq!(found.bytes, bytes.len() as u64);
            assert_eq!(found.digest, Digest(Sha256::digest(&bytes).into()), "the digest is of what is kept");
            assert_eq!(samples::pixels(&bytes), samples::pixels(&file));
        }
        let video = inspect(&samples::video(b"mp42", false, &[], &[]), "video/mp4", "a.mp4").await.unwrap();
        assert_eq!((video.kind, video.width, video.height), (MediaKind::Mp4, 640, 360));
        assert_eq!(video.duration, Some(Duration::from_millis(2_500)));
    }

    #[tokio::test]
    async fn a_picture_on_its_side_is_as_wide_as_people_see_it() {
        let exif = [b"Exif\0\0".as_slice(), &samples::exif_with_position(6)].concat();
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let plain = samples::jpeg(40, 30);
        let turned = [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat();
        let found = inspect(&turned, "", "").await.unwrap();
        assert_eq!((found.width, found.height), (30, 40));
    }

    #[tokio::test]
    async fn a_wrong_extension_or_type_is_refused_with_what_it_is() {
        let jpeg = samples::jpeg(40, 30);
        let found = MediaKind::Jpeg;
        assert_eq!(refused(&jpeg, "", "a.png").await, MediaRefusal::ExtensionMismatch { found });
        assert_eq!(refused(&jpeg, "", "a.jpg.exe").await, MediaRefusal::ExtensionMismatch { found });
        assert_eq!(refused(&jpeg, "image/png", "a.jpg").await, MediaRefusal::TypeMismatch { found });
        assert_eq!(refused(&jpeg, "text/html", "").await, MediaRefusal::TypeMismatch { found });
    }

    #[tokio::test]
    async fn what_is_no_picture_or_video_is_refused() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
        let html = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
        for file in [svg.as_slice(), html, b"%PDF-1.7 and more of it", b"\xff\xd8", b"x"] {
            assert_eq!(refused(file, "image/jpeg", "a.jpg").await, MediaRefusal::UnsupportedType);
        }
        assert_eq!(refused(b"", "image/jpeg", "a.jpg").await, MediaRefusal::Empty);
    }

    #[tokio::test]
    async fn a_polyglot_is_refused() {
        let archive = [samples::jpeg(40, 30), b"PK\x03\x04\x14\0\0\0".to_vec()].concat();
        assert_eq!(refused(&archive, "image/jpeg", "a.jpg").await, MediaRefusal::TrailingData);
    }

    #[tokio::test]
    async fn a_bomb_is_refused_by_its_header() {
        // A PNG of 65,000 by 65,000 pixels in a few bytes: only the header is changed, with its check sum.
        let mut bomb = samples::png(40, 30);
        bomb[16..20].copy_from_slice(&65_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&65_000_u32.to_be_bytes());
        let sum = crc32fast::hash(&bomb[12..29]).to_be_bytes();
        bomb[29..33].copy_from_slice(&sum);
        assert_eq!(refused(&bomb, "", "").await, MediaRefusal::TooManyPixels { limit: 1_000_000 });
        let mut gif = samples::gif(40, 30);
        gif[6..10].copy_from_slice(&[0xff; 4]);
        assert_eq!(refused(&gif, "", "").await, MediaRefusal::TooManyPixels { limit: 1_000_000 });
        let mut jpeg = samples::jpeg(40, 30);
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
        assert_eq!(refused(&jpeg, "", "").await, MediaRefusal::TooManyPixels { limit: 1_000_000 });
    }

    #[tokio::test]
    async fn the_limit_is_that_of_the_kind_and_is_met_before_the_end() {
        let picture = [samples::jpeg(40, 30), vec![0; 200_000]].concat();
        assert_eq!(refused(&picture, "", "").await, MediaRefusal::TooLarge { limit: 200_000 });
        let room = samples::iso_box(b"free", &vec![0; 300_000]);
        assert!(inspect(&samples::video(b"mp42", false, &[], &room), "", "").await.is_ok());
        let endless =
            futures::stream::repeat_with(|| Ok(Bytes::from_static(&[0xff, 0xd8, 0xff, 0xe0]))).boxed();
        let error = inspector().inspect(&Declared::default(), endless).await.err().unwrap();
        assert_eq!(error, MediaRefusal::TooLarge { limit: 200_000 }.into());
    }

    #[tokio::test]
    async fn an_upload_that_breaks_off_is_no_refusal_but_a_fetch_that_fails_is() {
        let broken = |error| {
            let pieces = vec![Ok(Bytes::from_static(b"\xff\xd8\xff")), Err(error)];
            futures::stream::iter(pieces).boxed()
        };
        let inspect = async |error| inspector().inspect(&Declared::default(), broken(error)).await.err();
        assert_eq!(inspect(IncomingError::Interrupted).await, Some(InspectError::Interrupted));
        let late = IncomingError::Fetch(FetchError::TimedOut);
        assert_eq!(inspect(late).await, Some(MediaRefusal::NotFetched(FetchError::TimedOut).into()));
        let large = IncomingError::Fetch(FetchError::TooLarge(5));
        assert_eq!(inspect(large).await, Some(MediaRefusal::TooLarge { limit: 5 }.into()));
    }

    #[tokio::test]
    async fn no_file_of_random_bytes_behind_a_known_beginning_makes_it_fail_otherwise_than_by_refusal() {
        let begins: [&[u8]; 5] = [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"RIFF\xff\0\0\0WEBP",
            b"\0\0\0\x10ftypmp42\0\0\0\0",
        ];
        let mut state = 7_u64;
        for round in 0..400 {
            let mut file = begins[round % begins.len()].to_vec();
            for _ in 0..round {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                file.push(state.to_be_bytes()[0]);
            }
            // It panics on every error that is no refusal.
            let _ = inspect(&file, "", "").await;
        }
    }
}
