//! A process of the program.

use std::{fs::File, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::Result;

/// How long a process may take to start.
const START: Duration = Duration::from_secs(30);

/// A running process; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// The id of the process.
    pub(crate) pid: u32,
    /// Where it listens; empty if it does not.
    pub(crate) url: String,
}

impl Process {
    /// Starts the program and waits for the line that says that it runs. What it logs goes to a file.
    pub(crate) async fn start(
        arguments: &[&str],
        environment: &[(&str, String)],
        log: &Path,
    ) -> Result<Self> {
        // A shell for one thing: thousands of connections need more open files than many systems allow at first.
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -n "$(ulimit -Hn)"; exec "$0" "$@""#, env!("CARGO_BIN_EXE_postern")]);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("POSTERN_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (Some(pid), Some(stdout)) = (child.id(), child.stdout.take()) else {
            return Err("a process ended at once".into());
        };
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(START, lines.next_line()).await??;
        let Some(first) = first else {
            return Err(format!("{arguments:?} did not start: {}", std::fs::read_to_string(log)?).into());
        };
        tokio::spawn(drain(lines));
        Ok(Self { child, pid, url: address(&first) })
    }

    /// Asks the process to end and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.pid.to_string()).status().await?;
        let ended = tokio::time::timeout(START, self.child.wait()).await??;
        if ended.success() { Ok(()) } else { Err(format!("a process ended with {ended}").into()) }
    }
}

/// A process whose output nobody reads would stop at a full pipe.
async fn drain(mut lines: Lines<BufReader<ChildStdout>>) {
    while matches!(lines.next_line().await, Ok(Some(_))) {}
}

/// Scheme, host and port of the first address in a line.
fn address(line: &str) -> String {
    let from = line.find("http://").unwrap_or(line.len());
    let ends = |at: char| !(at.is_ascii_alphanumeric() || ":/.".contains(at));
    let text = line[from..].split(ends).next().unwrap_or_default();
    text.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
