//! Starts the server process and waits for it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::account;
use crate::binaries::Binaries;
use crate::error::{ClusterError, IoContext};
use crate::home::Home;
use crate::postmaster::{self, Postmaster, Shutdown};
use crate::progress::{Progress, heartbeat};
use crate::socket;

/// How long a server may start, recovery from a crash included.
const START: Duration = Duration::from_mins(3);

/// How long processes of a killed server may linger before a new one may use its memory.
const LINGER: Duration = Duration::from_secs(20);

/// How long an orderly shutdown may last before it is made an immediate one; a program has 10 s in all.
const STOP: Duration = Duration::from_secs(7);

const PAUSE: Duration = Duration::from_millis(20);

/// The size in bytes from which a log begins anew at the next start.
const LONG_LOG: u64 = 16 << 20;

/// A server that can be started, stopped and started again.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) home: Home,
    pub(crate) binaries: Binaries,
    pub(crate) durable: bool,
    pub(crate) max_connections: u32,
}

impl Server {
    /// Finds the server running or starts it, and returns the folder of its socket.
    pub(crate) async fn bring_up(&self, progress: Progress<'_>) -> Result<PathBuf, ClusterError> {
        let data = self.home.data();
        let busy = |seconds| format!("waiting for the PostgreSQL that is starting or stopping ({seconds} s)");
        if let Postmaster::Ready { socket, .. } = heartbeat(progress, busy, self.settled()).await? {
            progress(&format!("using the {} that is running", self.binaries));
            return Ok(socket);
        }
        postmaster::retire_stale_pid(&self.home)?;
        let began = Instant::now();
        let lines = |seconds| format!("{} is starting ({seconds} s)", self.binaries);
        loop {
            match heartbeat(progress, lines, self.start()).await {
                Ok(socket) => {
                    progress(&format!("{} is ready after {} ms", self.binaries, began.elapsed().as_millis()));
                    return Ok(socket);
                }
                Err(error) if began.elapsed() > LINGER || !outlived(&error) => return Err(error),
                Err(_) => heartbeat(progress, lines, tokio::time::sleep(10 * PAUSE)).await,
            }
            tracing::debug!(data = %data.display(), "processes of an earlier server linger");
        }
    }

    /// Waits until the server either serves or is gone.
    async fn settled(&self) -> Result<Postmaster, ClusterError> {
        let began = Instant::now();
        loop {
            match Postmaster::look(&self.home.data()).await {
                Postmaster::Busy { pid } if began.elapsed() > START => {
                    return Err(self.stuck(pid, "starting or stopping", START));
                }
                Postmaster::Busy { .. } => tokio::time::sleep(PAUSE).await,
                settled => return Ok(settled),
            }
        }
    }

    async fn start(&self) -> Result<PathBuf, ClusterError> {
        let socket = socket::folder(&self.home)?;
        let (log, offset) = self.open_log()?;
        let child = self.spawn(log, &socket)?;
        let pid = child.id();
        let ended = reap(child);
        let began = Instant::now();
        loop {
            if let Postmaster::Ready { socket, .. } = Postmaster::look(&self.home.data()).await {
                return Ok(socket);
            }
            if let Some(status) = ended.get() {
                return Err(self.did_not_start(*status, offset));
            }
            if began.elapsed() > START {
                return Err(self.stuck(pid, "starting", START));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Starts the server without a shell and apart from the terminal: Ctrl-C must not reach it before the program
    /// has finished with it.
    fn spawn(&self, log: File, socket: &Path) -> Result<Child, ClusterError> {
        let program = self.binaries.bin.join("postgres");
        let mut command = account::command(self.home.account.as_ref(), &program);
        command.arg("-D").arg(self.home.data());
        for (name, value) in self.parameters(socket) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let errors = log.try_clone().on("open", &self.home.log())?;
        command.stdout(Stdio::from(log)).stderr(Stdio::from(errors)).process_group(0);
        command.spawn().on("run", &program)
    }

    /// The settings that differ from the ones initdb wrote. The log must not repeat what statements carry.
    fn parameters(&self, socket: &Path) -> Vec<(&'static str, String)> {
        let safe = if self.durable { "on" } else { "off" };
        let fixed = [
            ("listen_addresses", ""),
            ("port", "5432"),
            ("unix_socket_permissions", "0700"),
            ("fsync", safe),
            // A commit must outlive a killed server in tests too, which costs a write and no wait for the disk.
            ("synchronous_commit", "on"),
            ("full_page_writes", safe),
            // Some builds come with a compiler for queries whose own libraries a machine may lack: then it is the query
            // that fails. Short queries gain nothing from it.
            ("jit", "off"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
            ("logging_collector", "off"),
            ("log_min_error_statement", "panic"),
            ("log_error_verbosity", "terse"),
            ("log_parameter_max_length", "0"),
        ];
        let mut parameters: Vec<_> = fixed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        parameters.push(("unix_socket_directories", socket.display().to_string()));
        parameters.push(("max_connections", self.max_connections.to_string()));
        parameters
    }

    /// Ends the server and waits until it is gone.
    pub(crate) async fn take_down(&self, how: Shutdown) -> Result<(), ClusterError> {
        let data = self.home.data();
        for (how, patience) in [(how, STOP), (Shutdown::Immediate, STOP)] {
            let began = Instant::now();
            let Some(pid) = Postmaster::look(&data).await.pid() else { return Ok(()) };
            postmaster::signal(pid, how, &data)?;
            while began.elapsed() < patience {
                if Postmaster::look(&data).await.pid() != Some(pid) {
                    return Ok(());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        let pid = Postmaster::look(&data).await.pid();
        pid.map_or(Ok(()), |pid| Err(self.stuck(pid, "stopping", 2 * STOP)))
    }

    /// The log, opened at its end, and its size.
    fn open_log(&self) -> Result<(File, u64), ClusterError> {
        let path = self.home.log();
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).on("open", &path)?;
        let size = log.metadata().on("read", &path)?.len();
        if size < LONG_LOG {
            return Ok((log, size));
        }
        log.set_len(0).on("shorten", &path)?;
        Ok((log, 0))
    }

    fn did_not_start(&self, status: ExitStatus, offset: u64) -> ClusterError {
        let path = self.home.log();
        let mut said = Vec::new();
        let read = File::open(&path).and_then(|mut log| {
            log.seek(SeekFrom::Start(offset))?;
            log.take(1 << 16).read_to_end(&mut said)
        });
        let said = account::last_lines(&String::from_utf8_lossy(&said), 3);
        let reason = if read.is_err() || said.is_empty() { status.to_string() } else { said };
        ClusterError::DidNotStart { reason, log: path }
    }

    fn stuck(&self, pid: u32, doing: &'static str, after: Duration) -> ClusterError {
        ClusterError::Stuck { pid, doing, seconds: after.as_secs(), log: self.home.log() }
    }
}

/// Whether the start failed because of processes that outlived their server: they end by themselves.
fn outlived(error: &ClusterError) -> bool {
    matches!(error, ClusterError::DidNotStart { reason, .. }
        if reason.contains("still in use") || reason.contains("already exists"))
}

/// Collects the server's exit status whenever it comes, so that it does not stay in the process table as a zombie.
/// A thread of its own outlives any one async runtime.
fn reap(mut child: Child) -> Arc<OnceLock<ExitStatus>> {
    let ended = Arc::new(OnceLock::new());
    let tell = Arc::clone(&ended);
    std::thread::spawn(move || {
        if let Ok(status) = child.wait() {
            let _ = tell.set(status);
        }
    });
    ended
}
