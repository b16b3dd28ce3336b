//! Who runs the server: this process's user, or another one when this process is root.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{ClusterError, IoContext};

/// A user that a root process becomes for the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) name: String,
}

/// The effective user of this process.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Chooses the server's user: none (our own) unless we are root; then the owner of the data that exists, else
/// `postgres`, else `nobody`.
pub(crate) fn choose(existing: Option<&Path>) -> Result<Option<Account>, ClusterError> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    match existing {
        Some(path) => owner_of(path, &users),
        None if own_uid() != 0 => Ok(None),
        None => {
            let account = ["postgres", "nobody"].iter().find_map(|name| find(&users, name));
            account.map(Some).ok_or(ClusterError::NoUser)
        }
    }
}

/// The owner of the data, when we are it (none) or can become it.
fn owner_of(path: &Path, users: &str) -> Result<Option<Account>, ClusterError> {
    let found = path.metadata().on("read", path)?;
    let account = Account { uid: found.uid(), gid: found.gid(), name: name_of(users, found.uid()) };
    match own_uid() {
        0 if account.uid != 0 => Ok(Some(account)),
        own if own == account.uid && own != 0 => Ok(None),
        _ => Err(ClusterError::NotOurs { path: path.to_owned(), owner: account.name }),
    }
}

/// A command that runs as the server's user, with an empty environment: settings in `PG*` variables of the
/// caller must not reach the server, and its messages must be in English.
pub(crate) fn command(account: Option<&Account>, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/").stdin(Stdio::null());
    if let Some(libraries) = own_libraries(program) {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// The folder of the libraries that came with the program, for builds that do not say themselves where it is.
fn own_libraries(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.parent()?.join("lib");
    folder.join("libpq.so.5").exists().then_some(folder)
}

/// Runs a command to its end; the error is what it said last.
pub(crate) async fn run<S: AsRef<OsStr>>(
    account: Option<&Account>,
    program: &Path,
    arguments: &[S],
) -> Result<String, String> {
    let mut command = command(account, program);
    command.args(arguments);
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await;
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} ({})", last_lines(&said, 3), output.status))
}

/// The last lines of a program's output on one line.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("; ")
}

/// Whether the user may pass through a folder with this owner, group and mode.
pub(crate) fn may_search(account: &Account, owner: u32, group: u32, mode: u32) -> bool {
    let bit = if account.uid == owner {
        0o100
    } else if account.gid == group {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

fn find(users: &str, name: &str) -> Option<Account> {
    users.lines().filter_map(entry).find(|account| account.name == name && account.uid != 0)
}

/// The name of a user id, or the number itself when the user is unknown.
fn name_of(users: &str, uid: u32) -> String {
    let known = users.lines().filter_map(entry).find(|account| account.uid == uid);
    known.map_or_else(|| uid.to_string(), |account| account.name)
}

/// One line of passwd(5): `name:password:uid:gid:…`.
fn entry(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { uid, gid, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n# a remark\n+::::::\n\
        postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\nnobody:x:65534:65533::/:/bin/false\n";

    fn postgres() -> Account {
        Account { uid: 101, gid: 104, name: "postgres".into() }
    }

    #[test]
    fn users_are_found_by_name_and_by_number() {
        assert_eq!(find(USERS, "postgres"), Some(postgres()));
        assert_eq!(find(USERS, "nobody").map(|account| account.gid), Some(65533));
        assert_eq!(find(USERS, "mallory"), None);
        assert_eq!(name_of(USERS, 101), "postgres");
        assert_eq!(name_of(USERS, 4242), "4242");
    }

    #[test]
    fn a_postgres_user_that_is_root_in_disguise_is_not_chosen() {
        assert_eq!(find("postgres:x:0:0::/:/bin/sh", "postgres"), None);
    }

    #[test]
    fn only_the_bit_of_the_nearest_class_opens_a_folder() {
        let postgres = postgres();
        assert!(may_search(&postgres, 0, 0, 0o755));
        assert!(!may_search(&postgres, 0, 0, 0o700));
        assert!(may_search(&postgres, 101, 0, 0o700));
        assert!(!may_search(&postgres, 101, 0, 0o077), "the owner's class is asked although others may pass");
        assert!(may_search(&postgres, 0, 104, 0o710));
    }

    #[test]
    fn a_long_complaint_is_cut_to_its_last_lines() {
        assert_eq!(last_lines("one\n\n two\nthree\n", 2), "two; three");
        assert_eq!(last_lines("", 2), "");
    }
}
