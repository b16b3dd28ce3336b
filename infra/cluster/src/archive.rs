//! Unpacks an archive without trusting what is in it.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use tar::{Archive, Entry, EntryType};

/// The most bytes that an archive may grow to; a release build has about 100 MB.
pub(crate) const LARGEST: u64 = 1 << 30;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} lies outside the archive's folder")]
    Escapes(String),
    #[error("{0} is neither a file, a folder nor a link")]
    Kind(String),
    #[error("it grows beyond {} MB", LARGEST >> 20)]
    TooLarge,
    #[error("it cannot be unpacked: {0}")]
    Io(#[from] std::io::Error),
}

/// Unpacks a `.tar.gz` into an empty folder. Owners, special permissions and devices in it are not honoured, and
/// nothing is written outside the folder.
pub(crate) fn unpack(file: &Path, folder: &Path, largest: u64) -> Result<(), Refusal> {
    let bytes = GzDecoder::new(File::open(file)?).take(largest);
    let mut archive = Archive::new(bytes);
    let mut room = largest;
    for entry in archive.entries()? {
        let mut entry = entry?;
        check(&entry)?;
        room = room.checked_sub(entry.size()).ok_or(Refusal::TooLarge)?;
        if !entry.unpack_in(folder)? {
            return Err(Refusal::Escapes(shown(&entry)));
        }
    }
    Ok(())
}

/// Refuses what a build of `PostgreSQL` has no reason to contain.
fn check<R: Read>(entry: &Entry<'_, R>) -> Result<(), Refusal> {
    let path = entry.path()?.into_owned();
    let linked = entry.link_name()?.map(std::borrow::Cow::into_owned);
    let target = match (entry.header().entry_type(), linked) {
        (EntryType::Regular | EntryType::Directory | EntryType::Continuous, _) => None,
        // A symbolic link is read from where it lies, a hard link from the top of the archive.
        (EntryType::Symlink, Some(link)) if link.is_relative() => {
            Some(path.parent().unwrap_or(&path).join(link))
        }
        (EntryType::Link, Some(link)) => Some(link),
        (EntryType::Symlink, _) => return Err(Refusal::Escapes(shown(entry))),
        _ => return Err(Refusal::Kind(shown(entry))),
    };
    let outside = |path: &PathBuf| !stays_inside(path);
    if [Some(path), target].iter().flatten().any(outside) {
        return Err(Refusal::Escapes(shown(entry)));
    }
    Ok(())
}

/// Whether the path never climbs above its start.
fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_usize;
    path.components().all(|component| match component {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => {
            let inside = depth > 0;
            depth = depth.saturating_sub(1);
            inside
        }
        Component::RootDir | Component::Prefix(_) => false,
    })
}

fn shown<R: Read>(entry: &Entry<'_, R>) -> String {
    String::from_utf8_lossy(&entry.path_bytes()).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use tar::{Builder, Header};

    use super::*;

    /// An archive of one entry; the name is written into the header as it is, because `Builder` refuses bad ones.
    fn archive(kind: EntryType, name: &str, link: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o6755);
        header.set_size(content.len() as u64);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.tar.gz");
        let mut builder = Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::fast()));
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap().finish().unwrap().flush().unwrap();
        (folder, path)
    }

    fn unpacked(kind: EntryType, name: &str, link: &str, content: &[u8]) -> Result<(), Refusal> {
        let (folder, file) = archive(kind, name, link, content);
        let target = folder.path().join("target");
        std::fs::create_dir(&target).unwrap();
        let result = unpack(&file, &target, 1 << 20);
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["archive.tar.gz", "target"], "something was written outside");
        result
    }

    #[test]
    fn a_name_that_climbs_out_is_refused() {
        for name in ["../escaped", "bin/../../escaped", "/tmp/postern-escaped"] {
            let result = unpacked(EntryType::Regular, name, "", b"x");
            assert!(matches!(result, Err(Refusal::Escapes(_))), "{name}: {result:?}");
        }
        assert!(!Path::new("/tmp/postern-escaped").exists());
    }

    #[test]
    fn a_link_that_points_out_is_refused() {
        for (kind, link) in [
            (EntryType::Symlink, "../../etc"),
            (EntryType::Symlink, "/etc/passwd"),
            (EntryType::Link, "/etc/passwd"),
            (EntryType::Link, "../archive.tar.gz"),
        ] {
            let result = unpacked(kind, "lib/link", link, b"");
            assert!(matches!(result, Err(Refusal::Escapes(_))), "{link}: {result:?}");
        }
    }

    #[test]
    fn a_link_within_the_archive_is_kept() {
        unpacked(EntryType::Symlink, "bin/initdb", "../lib/initdb", b"").unwrap();
    }

    #[test]
    fn a_device_is_refused() {
        assert!(matches!(unpacked(EntryType::Char, "null", "", b""), Err(Refusal::Kind(_))));
        assert!(matches!(unpacked(EntryType::Fifo, "pipe", "", b""), Err(Refusal::Kind(_))));
    }

    #[test]
    fn an_archive_that_grows_beyond_the_limit_is_refused() {
        let zeros = vec![0; (1 << 20) + 1];
        assert!(matches!(unpacked(EntryType::Regular, "zeros", "", &zeros), Err(Refusal::TooLarge)));
    }

    #[test]
    fn half_an_archive_is_refused() {
        let (folder, file) = archive(EntryType::Regular, "file", "", &[7; 4096]);
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(unpack(&file, folder.path(), LARGEST), Err(Refusal::Io(_))));
    }

    #[test]
    fn a_program_loses_its_special_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, file) = archive(EntryType::Regular, "program", "", b"x");
        unpack(&file, folder.path(), LARGEST).unwrap();
        let mode = folder.path().join("program").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
    }
}
