//! The real binary as a process of its own.

use std::{
    ffi::OsString,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use super::until::{PATIENCE, until};

/// A running process and what it has said so far.
pub(crate) struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    listeners: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts the binary with nothing but these settings.
    pub(crate) fn start(arguments: &[&str], environment: Vec<(OsString, OsString)>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(arguments).env_clear().envs(environment).current_dir(std::env::temp_dir());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let said = Arc::default();
        let listeners = vec![
            listen(child.stdout.take().unwrap(), Arc::clone(&said)),
            listen(child.stderr.take().unwrap(), Arc::clone(&said)),
        ];
        Self { child, said, listeners }
    }

    /// Everything it said on standard output and standard error.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said something.
    pub(crate) async fn until_said(&self, words: &str) -> String {
        until(words, async || self.said(), |said| said.contains(words)).await
    }

    /// Asks it to stop, as an operator's supervisor does, and waits; says how long it took.
    pub(crate) async fn stop(&mut self) -> (ExitStatus, Duration) {
        let begun = tokio::time::Instant::now();
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        (self.ended().await, begun.elapsed())
    }

    /// Waits for its end and its last words.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        for listener in self.listeners.drain(..) {
            listener.await.unwrap();
        }
        status
    }
}

fn listen(stream: impl AsyncRead + Unpin + Send + 'static, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}
