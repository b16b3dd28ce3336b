//! Everything on one machine: a private database with durable settings, the sandbox in its light mode, and the API, each a
//! process of its own, as a deployment has them.

pub(crate) mod front_end;
pub(crate) mod meter;
pub(crate) mod process;
pub(crate) mod quantiles;

use std::{fs::Permissions, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use cluster::Cluster;
use tempfile::TempDir;

use front_end::FrontEnd;
use process::Process;

/// A measurement either succeeds or ends with one line that says why.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long before the due time captions are made ready here; the default, a minute, only makes everybody wait.
pub(crate) const TEXT_LEAD: Duration = Duration::from_secs(15);

/// The deployment.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) cluster: Cluster,
    pub(crate) sandbox: Process,
    pub(crate) api: Process,
}

impl Stage {
    /// Brings everything up.
    pub(crate) async fn set() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // The database runs as a user of its own when root starts it, and must be able to pass.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
        let mut settings = cluster::Settings::new(folder.path().join("database"));
        settings.max_connections = 200;
        let cluster = Cluster::start(settings, |line| eprintln!("{line}")).await?;
        let log = |name: &str| folder.path().join(name);
        let sandbox = ["sandbox", "--light", "--listen", "127.0.0.1:0"];
        let sandbox = Process::start(&sandbox, &[], &log("sandbox.log")).await?;
        let api = start("serve", &[], folder.path(), &cluster, &sandbox).await?;
        Ok(Self { folder, cluster, sandbox, api })
    }

    /// Starts a role of the program against this database and this sandbox, with more settings.
    pub(crate) async fn role(&self, role: &str, more: &[(&str, String)]) -> Result<Process> {
        start(role, more, self.folder.path(), &self.cluster, &self.sandbox).await
    }

    /// A front end of the API.
    pub(crate) fn front_end(&self) -> Result<FrontEnd> {
        FrontEnd::new(&self.api.url, &self.sandbox.url)
    }

    /// Ends everything.
    pub(crate) async fn strike(self) -> Result<()> {
        self.api.stop().await?;
        self.sandbox.stop().await?;
        self.cluster.stop().await?;
        Ok(())
    }
}

async fn start(
    role: &str,
    more: &[(&str, String)],
    folder: &Path,
    cluster: &Cluster,
    sandbox: &Process,
) -> Result<Process> {
    let mut environment = vec![
        ("POSTERN_STATE_DIR", folder.join("state").display().to_string()),
        ("POSTERN_DATABASE_URL", cluster.url("postgres")),
        ("POSTERN_LISTEN", format!("127.0.0.1:{}", free_port()?)),
        ("POSTERN_METRICS_LISTEN", "off".to_owned()),
        ("POSTERN_SANDBOX_ALLOW", "true".to_owned()),
        ("POSTERN_META_GRAPH_URL", sandbox.url.clone()),
        ("POSTERN_META_DIALOG_URL", sandbox.url.clone()),
        ("POSTERN_META_APP_ID", front_end::APP_ID.to_owned()),
        ("POSTERN_META_APP_SECRET", front_end::APP_SECRET.to_owned()),
        ("POSTERN_PUBLISH_TEXT_LEAD", format!("{}s", TEXT_LEAD.as_secs())),
    ];
    environment.extend_from_slice(more);
    Process::start(&[role], &environment, &folder.join(format!("{role}.log"))).await
}

/// The API must know its public address before it listens.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
