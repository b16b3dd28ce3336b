//! The whole product on a database of its own, with a sandbox in place of the platforms.

use std::{ffi::OsString, net::TcpListener};

use postern::{Roles, Runtime, StartError};
use tempfile::TempDir;

use super::{Caller, Person, database::TestDatabase, sandbox::Sandbox};

/// The patience of the protocol, shortened as far as its own checks and a busy machine allow.
const TIMING: &[(&str, &str)] = &[
    ("POSTERN_PUBLISH_PICTURE_LEAD", "2s"),
    ("POSTERN_PUBLISH_PERMIT_LEAD", "300ms"),
    ("POSTERN_PUBLISH_SEND_WINDOW", "1s"),
    ("POSTERN_PUBLISH_TIMEOUT", "2s"),
    ("POSTERN_PUBLISH_LEASE", "3s"),
    ("POSTERN_PUBLISH_CHECK_PAUSE", "100ms"),
    ("POSTERN_PUBLISH_LOOK_PAUSE", "200ms"),
    ("POSTERN_PUBLISH_SETTLE", "5s"),
    ("POSTERN_PUBLISH_SETTLE_DEFINITE", "3500ms"),
    ("POSTERN_PUBLISH_LOOK_DEADLINE", "5500ms"),
    ("POSTERN_PUBLISH_MAX_BACKOFF", "500ms"),
];

const ALL: Roles = Roles { api: true, workers: true };

/// A deployment and its surroundings.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) sandbox: Sandbox,
    /// Where the API is.
    pub(crate) base: String,
    state: TempDir,
    changes: Vec<(&'static str, String)>,
    runtime: Option<Runtime>,
}

impl World {
    /// Everything, API and workers.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Everything, with some settings of its own.
    pub(crate) async fn start_with(changes: &[(&'static str, &str)]) -> Self {
        let mut world = Self::prepare(changes).await;
        world.run(ALL).await;
        world
    }

    /// Everything but the product itself.
    pub(crate) async fn prepare(changes: &[(&'static str, &str)]) -> Self {
        let (database, sandbox) = tokio::join!(TestDatabase::new(), Sandbox::start());
        let changes = changes.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let state = tempfile::tempdir().unwrap();
        let base = format!("http://127.0.0.1:{}", free_port());
        Self { database, sandbox, base, state, changes, runtime: None }
    }

    /// Stops what runs and starts these roles.
    pub(crate) async fn run(&mut self, roles: Roles) {
        self.stop().await;
        for _ in 0..20 {
            match Runtime::start(self.environment(), roles).await {
                Ok(runtime) => return self.runtime = Some(runtime),
                // Somebody else took the port between finding and using it.
                Err(StartError::Listen { .. }) => self.base = format!("http://127.0.0.1:{}", free_port()),
                Err(error) => panic!("{error}"),
            }
        }
        panic!("no port is free");
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.stop().await;
        }
    }

    /// The settings of this deployment, for a process of its own too.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let own = [
            ("POSTERN_STATE_DIR", self.state.path().display().to_string()),
            ("POSTERN_DATABASE_URL", self.database.url.clone()),
            ("POSTERN_DATABASE_CONNECTIONS", "8".to_owned()),
            ("POSTERN_LISTEN", self.base.trim_start_matches("http://").to_owned()),
            ("POSTERN_METRICS_LISTEN", "off".to_owned()),
            ("POSTERN_LOG_LEVEL", "error".to_owned()),
            ("POSTERN_SANDBOX_ALLOW", "true".to_owned()),
            ("POSTERN_META_GRAPH_URL", self.sandbox.base.clone()),
            ("POSTERN_META_DIALOG_URL", self.sandbox.base.clone()),
            ("POSTERN_META_APP_ID", super::sandbox::APP_ID.to_owned()),
            ("POSTERN_META_APP_SECRET", self.sandbox.app_secret.clone()),
        ];
        let timing = TIMING.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let all =
            timing.chain(own).filter(|(name, _)| self.changes.iter().all(|(changed, _)| changed != name));
        all.chain(self.changes.iter().cloned()).map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// Where this deployment keeps its files.
    pub(crate) fn state_dir(&self) -> &std::path::Path {
        self.state.path()
    }

    pub(crate) async fn sign_up(&self, organization: &str) -> Person {
        Person::sign_up(&self.base, organization).await
    }

    /// A caller without a token.
    pub(crate) fn nobody(&self) -> Caller {
        Caller::new(&self.base, None)
    }
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
