//! Creates the data directory.

use std::fs::File;
use std::io::ErrorKind;

use crate::account;
use crate::binaries::Binaries;
use crate::error::{ClusterError, IoContext};
use crate::home::Home;
use crate::progress::{Progress, heartbeat};

/// Runs initdb beside the final place and moves the result there, so that a data directory is whole or absent
/// whenever the machine stops.
pub(crate) async fn create(
    home: &Home,
    binaries: &Binaries,
    durable: bool,
    progress: Progress<'_>,
) -> Result<(), ClusterError> {
    let (data, unfinished) = (home.data(), home.server.join("data.unfinished"));
    match std::fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).on("remove", &unfinished),
        _ => {}
    }
    let target = unfinished.as_os_str();
    let mut arguments = vec!["-D".as_ref(), target, "-U".as_ref(), "postgres".as_ref()];
    arguments.extend(["-A", "trust", "-E", "UTF8", "--no-locale"].map(std::ffi::OsStr::new));
    if !durable {
        arguments.push("--no-sync".as_ref());
    }
    progress(&format!("creating a database with {binaries} in {}", home.server.display()));
    let lines = |seconds| format!("creating the database ({seconds} s)");
    let program = binaries.bin.join("initdb");
    let done = account::run(home.account.as_ref(), &program, &arguments);
    heartbeat(progress, lines, done).await.map_err(ClusterError::Initdb)?;
    std::fs::rename(&unfinished, &data).on("create", &data)?;
    if durable {
        File::open(&home.server).and_then(|folder| folder.sync_all()).on("write", &home.server)?;
    }
    Ok(())
}
