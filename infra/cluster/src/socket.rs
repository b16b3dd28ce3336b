//! Where clients meet the server: a folder that only the server's user may enter.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{ClusterError, IoContext};
use crate::home::{Home, obstacle};

/// The file that `PostgreSQL` makes in the folder for its default port.
pub(crate) const SOCKET: &str = ".s.PGSQL.5432";

/// `sun_path` of unix(7) holds 108 bytes on Linux and 104 on macOS and the BSDs, the closing zero included.
const LONGEST: usize = 103;

/// The folder of the socket: beside the data if clients and server can name it, else one below the temporary
/// folder whose name follows from the data's.
pub(crate) fn folder(home: &Home) -> Result<PathBuf, ClusterError> {
    if fits(&home.server) {
        return Ok(home.server.clone());
    }
    let digest = Sha256::digest(home.server.as_os_str().as_encoded_bytes());
    let name = format!("postern-{}", hex::encode(&digest[..8]));
    let temporary = std::env::temp_dir();
    let reachable = home.account.as_ref().is_none_or(|account| obstacle(account, &temporary).is_none());
    let path = match temporary.join(&name) {
        path if reachable && fits(&path) => path,
        _ => Path::new("/tmp").join(name),
    };
    claim(home, &path)?;
    Ok(path)
}

/// Whether the path is short enough and has no character that a connection URL's list of hosts or `PostgreSQL`'s
/// list of socket folders would take for its own.
fn fits(folder: &Path) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+~=".contains(byte);
    let bytes = folder.as_os_str().as_encoded_bytes();
    bytes.len() + 1 + SOCKET.len() <= LONGEST && bytes.iter().all(plain)
}

/// Makes the folder, or makes sure that the one that exists is the server user's own: anybody may create names
/// in the temporary folder.
fn claim(home: &Home, path: &Path) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            std::fs::set_permissions(path, Permissions::from_mode(0o700)).on("open", path)?;
            let Some(account) = &home.account else { return Ok(()) };
            chown(path, Some(account.uid), Some(account.gid)).on("change the owner of", path)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let found = path.symlink_metadata().on("read", path)?;
            if found.is_dir() && found.uid() == home.uid() && found.mode() % 0o100 == 0 {
                return Ok(());
            }
            Err(ClusterError::NotOurs { path: path.to_owned(), owner: found.uid().to_string() })
        }
        Err(error) => Err(error).on("create", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(server: &str) -> Home {
        Home { dir: "/unused".into(), server: server.into(), account: None }
    }

    #[test]
    fn a_short_plain_path_keeps_the_socket_beside_the_data() {
        assert_eq!(
            folder(&home("/srv/app/.postern/server")).unwrap(),
            PathBuf::from("/srv/app/.postern/server")
        );
    }

    #[test]
    fn a_path_is_long_enough_up_to_the_last_byte_that_a_socket_can_name() {
        let room = LONGEST - 1 - SOCKET.len();
        assert!(fits(Path::new(&format!("/{}", "a".repeat(room - 1)))));
        assert!(!fits(Path::new(&format!("/{}", "a".repeat(room)))));
    }

    #[test]
    fn a_comma_or_a_space_in_the_path_moves_the_socket_away() {
        assert!(!fits(Path::new("/home/a,b/x")));
        assert!(!fits(Path::new("/home/a b/x")));
        assert!(!fits(Path::new("/home/\u{fc}/x")));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_not_taken_for_the_sockets_own() {
        let parent = tempfile::tempdir().unwrap();
        let open = parent.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, Permissions::from_mode(0o711)).unwrap();
        assert!(matches!(claim(&home("/unused"), &open), Err(ClusterError::NotOurs { .. })));
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(parent.path(), &link).unwrap();
        assert!(matches!(claim(&home("/unused"), &link), Err(ClusterError::NotOurs { .. })));
    }

    #[test]
    fn the_folder_of_an_earlier_start_is_used_again() {
        let parent = tempfile::tempdir().unwrap();
        let own = parent.path().join("own");
        claim(&home("/unused"), &own).unwrap();
        claim(&home("/unused"), &own).unwrap();
        assert_eq!(own.metadata().unwrap().mode() & 0o777, 0o700);
    }
}
