//! Everything on one machine: a private database with durable settings, the sandbox in its light mode, and the roles of the
//! program, each a process of its own.

pub(crate) mod front_end;
pub(crate) mod meter;
pub(crate) mod process;
pub(crate) mod quantiles;
pub(crate) mod table;

use std::{fs::Permissions, net::TcpListener, os::unix::fs::PermissionsExt};

use cluster::Cluster;
use tempfile::TempDir;

use process::Process;

/// A measurement either succeeds or ends with one line that says why.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The surroundings of the program.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) sandbox: Process,
    folder: TempDir,
}

impl Stage {
    async fn set() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // The database runs as a user of its own when root starts it, and must be able to pass.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
        let mut settings = cluster::Settings::new(folder.path().join("database"));
        settings.max_connections = 200;
        let cluster = Cluster::start(settings, |line| eprintln!("{line}")).await?;
        let sandbox = ["sandbox", "--light", "--listen", "127.0.0.1:0"];
        let sandbox = Process::start(&sandbox, &[], &folder.path().join("sandbox.log")).await?;
        Ok(Self { cluster, sandbox, folder })
    }

    /// Plays a piece and clears up, also when it fails or Ctrl-C ends it.
    pub(crate) async fn play<T>(piece: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        let stage = Self::set().await?;
        let outcome = tokio::select! {
            outcome = piece(&stage) => outcome,
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        stage.sandbox.stop().await?;
        stage.cluster.stop().await?;
        outcome
    }

    /// Starts a role of the program against this database and this sandbox, with more settings.
    pub(crate) async fn role(&self, role: &str, more: &[(&str, String)]) -> Result<Process> {
        let sandbox = &self.sandbox.url;
        let mut environment = vec![
            ("POSTERN_STATE_DIR", self.folder.path().join("state").display().to_string()),
            ("POSTERN_DATABASE_URL", self.cluster.url("postgres")),
            ("POSTERN_LISTEN", format!("127.0.0.1:{}", free_port()?)),
            ("POSTERN_METRICS_LISTEN", "off".to_owned()),
            ("POSTERN_SANDBOX_ALLOW", "true".to_owned()),
            ("POSTERN_META_GRAPH_URL", sandbox.clone()),
            ("POSTERN_META_DIALOG_URL", sandbox.clone()),
            ("POSTERN_META_APP_ID", front_end::APP_ID.to_owned()),
            ("POSTERN_META_APP_SECRET", front_end::APP_SECRET.to_owned()),
        ];
        environment.extend_from_slice(more);
        Process::start(&[role], &environment, &self.folder.path().join(format!("{role}.log"))).await
    }
}

/// The API must know its public address before it listens.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
