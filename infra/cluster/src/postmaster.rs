//! What the server's own pid file and the process table say about it.
//!
//! The file `postmaster.pid` has eight lines: process id, data directory, start time, port, first socket folder,
//! listen address, shared memory key, status (`PostgreSQL`, `miscadmin.h`).

use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::net::UnixStream;

use crate::error::{ClusterError, IoContext};
use crate::home::Home;
use crate::socket::SOCKET;

/// A process id that no system gives away: Linux stops at 2^22, `PostgreSQL` reads a C `int`.
const NOBODY: i32 = i32::MAX;

/// What the server is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Postmaster {
    /// It does not run.
    Absent,
    /// It runs, but does not serve clients: it starts, recovers or stops.
    Busy {
        /// Its process.
        pid: u32,
    },
    /// It serves clients.
    Ready {
        /// Its process.
        pid: u32,
        /// The folder of its socket.
        socket: PathBuf,
    },
}

impl Postmaster {
    /// Looks at the pid file, the process and the socket: none alone tells the truth after a crash.
    pub(crate) async fn look(data: &Path) -> Self {
        let Some(file) = PidFile::read(data).filter(|file| is_server_of(data, file.pid)) else {
            return Self::Absent;
        };
        let pid = file.pid.unsigned_abs();
        if file.ready && UnixStream::connect(file.socket.join(SOCKET)).await.is_ok() {
            return Self::Ready { pid, socket: file.socket };
        }
        Self::Busy { pid }
    }

    /// The process, when there is one.
    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Absent => None,
            Self::Busy { pid } | Self::Ready { pid, .. } => Some(*pid),
        }
    }
}

/// How a server is told to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shutdown {
    /// Disconnects its clients, writes everything and ends.
    Fast,
    /// Ends at once, as if it had crashed; the next start recovers.
    Immediate,
}

/// Sends the signal for a shutdown; a process that is gone is what was wanted.
pub(crate) fn signal(pid: u32, how: Shutdown, data: &Path) -> Result<(), ClusterError> {
    let signal = match how {
        Shutdown::Fast => Signal::INT,
        Shutdown::Immediate => Signal::QUIT,
    };
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(pid, signal) {
        Err(error) if error != Errno::SRCH => Err(error.into()).on("stop the server of", data),
        _ => Ok(()),
    }
}

/// Makes a pid file harmless whose process id meanwhile belongs to another program, which would keep the server
/// from starting. The other lines stay: by them a start recognises server processes that outlived a crash.
pub(crate) fn retire_stale_pid(home: &Home) -> Result<(), ClusterError> {
    let data = home.data();
    let path = data.join("postmaster.pid");
    let Some(file) = PidFile::read(&data).filter(|file| exists(file.pid)) else { return Ok(()) };
    if is_server_of(&data, file.pid) {
        return Ok(());
    }
    let text = std::fs::read_to_string(&path).on("read", &path)?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    let mut fresh = tempfile::NamedTempFile::new_in(&data).on("write", &data)?;
    write!(fresh, "{NOBODY}\n{rest}").on("write", &path)?;
    fresh.as_file().set_permissions(Permissions::from_mode(0o600)).on("write", &path)?;
    if let Some(account) = &home.account {
        fchown(fresh.as_file(), Some(account.uid), Some(account.gid)).on("change the owner of", &path)?;
    }
    fresh.persist(&path).map_err(|error| error.error).on("write", &path)?;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: i32,
    socket: PathBuf,
    ready: bool,
}

impl PidFile {
    fn read(data: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// A file that is just being written lacks its last lines.
    fn parse(text: &str) -> Option<Self> {
        let line = |number| text.lines().nth(number).unwrap_or_default().trim();
        let pid = line(0).parse().ok().filter(|pid| *pid > 0)?;
        Some(Self { pid, socket: PathBuf::from(line(4)), ready: line(7) == "ready" })
    }
}

/// Whether a process with this id exists, whosever it is.
fn exists(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Whether the process is the server of this data and not a zombie or a newcomer with the same number: a server
/// works in its data directory. Where the system does not tell, existing must be enough.
fn is_server_of(data: &Path, pid: i32) -> bool {
    if !exists(pid) || !cfg!(target_os = "linux") {
        return exists(pid);
    }
    match std::fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(folder) => data.canonicalize().is_ok_and(|data| data == folder),
        Err(error) => error.kind() == ErrorKind::PermissionDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_file_is_read_and_half_a_file_is_not_ready() {
        let whole = "4711\n/data\n1700000000\n5432\n/run/pg\n\n  5432001 196608\nready   \n";
        let read = PidFile::parse(whole).unwrap();
        assert_eq!(read, PidFile { pid: 4711, socket: "/run/pg".into(), ready: true });
        let half = PidFile::parse("4711\n/data\n").unwrap();
        assert!(!half.ready);
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("-4711\n"), None, "a stand-alone backend's negative id is no server's");
    }

    #[tokio::test]
    async fn a_process_that_took_over_the_number_is_not_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let own = std::process::id();
        let lines = format!("{own}\n{}\n1\n5432\n/nowhere\n\n 1 2\nready\n", folder.path().display());
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("postmaster.pid"), lines).unwrap();
        assert_eq!(Postmaster::look(&data).await, Postmaster::Absent);

        let home = Home { dir: folder.path().into(), server: folder.path().into(), account: None };
        retire_stale_pid(&home).unwrap();
        let text = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
        assert!(text.starts_with("2147483647\n/") && text.ends_with(" 1 2\nready\n"), "{text}");
        assert!(!exists(NOBODY));
    }
}
