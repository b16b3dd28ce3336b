//! What the demo is played on: a database, the sandbox, the API and the workers, all in this process but the first.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use sandbox::{Sandbox, Seed};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{lock::Lock, port, trouble::Trouble, voice::Voice};
use crate::{Roles, Runtime, StartError, config::Config, runtime::RunningDatabase};

/// Where the sandbox listens unless somebody else does.
const SANDBOX: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8090);

/// What the demo would rather have, where nobody said otherwise: its own lines should stay readable, and they tell what a
/// platform refuses.
const DEFAULTS: [(&str, &str); 2] =
    [("POSTERN_LOG_LEVEL", "warn,meta::client=error"), ("POSTERN_METRICS_LISTEN", "off")];

/// Variables with their values.
type Environment = Vec<(OsString, OsString)>;

/// Everything that runs.
pub(super) struct Stage {
    /// The API.
    pub(super) api: Url,
    /// The stand-in for the platforms.
    pub(super) sandbox: Url,
    /// What the sandbox's world begins with.
    pub(super) seed: Seed,
    /// Where state lives.
    pub(super) state_dir: PathBuf,
    environment: Environment,
    runtimes: Vec<Runtime>,
    database: RunningDatabase,
    platforms: (CancellationToken, JoinHandle<()>),
    _lock: Lock,
}

impl Stage {
    /// Brings everything up, and says so step by step.
    pub(super) async fn start(voice: Voice) -> Result<Self, Trouble> {
        let config = Config::load(environment(&[])).map_err(StartError::from)?;
        let mut lock = Lock::take(&config.state_dir)?;
        voice.say(&format!("state lives in {}", config.state_dir.display()));
        let (sandbox, platforms) = play_platforms(voice)?;
        // Released again for the runtime, which knows addresses only.
        let listen = port::listen("the API", config.server.listen, voice)?.local_addr();
        let listen = listen.map_err(|error| Trouble::NoPort { address: config.server.listen.ip(), error })?;
        let database = RunningDatabase::start(&config.database, |line| voice.say(line)).await?;
        let seed = platforms.seed();
        let environment = environment(&settings(&sandbox.url, &seed, listen, &database.url));
        let starting = Runtime::start(environment.clone(), Roles { api: true, workers: false });
        let runtime = match voice.during("migrating the database and starting the API", starting).await {
            Ok(runtime) => runtime,
            Err(error) => {
                database.stop().await;
                return Err(error.into());
            }
        };
        let api = reachable(runtime.api.unwrap_or(listen));
        voice.say(&format!("the API listens on {api}"));
        lock.sign(api.as_str());
        let (sandbox, platforms) = (sandbox.url, (sandbox.shutdown, sandbox.task));
        let runtimes = vec![runtime];
        Ok(Self {
            api,
            sandbox,
            seed,
            state_dir: config.state_dir,
            environment,
            runtimes,
            database,
            platforms,
            _lock: lock,
        })
    }

    /// Starts the workers. Not before the channels are connected: what an earlier run scheduled would be refused with its old
    /// tokens.
    pub(super) async fn start_workers(&mut self, voice: Voice) -> Result<(), Trouble> {
        // The process has one set of metrics, which the API's runtime serves if anybody wants it.
        let silent = [("POSTERN_METRICS_LISTEN".into(), "off".into())];
        let environment = silent.into_iter().chain(self.environment.iter().cloned());
        let starting = Runtime::start(environment, Roles { api: false, workers: true });
        self.runtimes.push(voice.during("starting the workers", starting).await?);
        Ok(())
    }

    /// Ends everything in order: who uses something ends before it.
    pub(super) async fn stop(self) {
        for runtime in self.runtimes.into_iter().rev() {
            runtime.stop().await;
        }
        self.database.stop().await;
        let (shutdown, task) = self.platforms;
        shutdown.cancel();
        let _ = task.await;
    }
}

/// A sandbox that is served.
struct Played {
    url: Url,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn play_platforms(voice: Voice) -> Result<(Played, Sandbox), Trouble> {
    let no_port = |error| Trouble::NoPort { address: SANDBOX.ip(), error };
    let listener = port::listen("the sandbox", SANDBOX, voice)?;
    let url = reachable(listener.local_addr().map_err(no_port)?);
    listener.set_nonblocking(true).map_err(no_port)?;
    let listener = TcpListener::from_std(listener).map_err(no_port)?;
    let settings = sandbox::Settings { public_url: Some(url.clone()), ..sandbox::Settings::default() };
    let sandbox = Sandbox::new(settings)?;
    let (shutdown, served) = (CancellationToken::new(), sandbox.clone());
    let stopped = shutdown.clone().cancelled_owned();
    let task = tokio::spawn(async move {
        if let Err(error) = served.serve(listener, stopped).await {
            tracing::error!(%error, "the sandbox is not served any more");
        }
    });
    voice.say(&format!("the sandbox plays Facebook and Instagram on {url}"));
    Ok((Played { url, shutdown, task }, sandbox))
}

fn reachable(address: SocketAddr) -> Url {
    let mut url =
        Url::parse("http://127.0.0.1/").unwrap_or_else(|_| unreachable!("a constant that is a URL"));
    // Cannot fail for an `http` URL.
    let _ = url.set_ip_host(if address.ip().is_unspecified() { SANDBOX.ip() } else { address.ip() });
    let _ = url.set_port(Some(address.port()));
    url
}

/// What the demo depends on: nobody's real app is ever used.
fn settings(sandbox: &Url, seed: &Seed, listen: SocketAddr, database: &str) -> Vec<(&'static str, String)> {
    vec![
        ("POSTERN_SANDBOX_ALLOW", "true".to_owned()),
        ("POSTERN_META_GRAPH_URL", sandbox.to_string()),
        ("POSTERN_META_DIALOG_URL", sandbox.to_string()),
        ("POSTERN_META_APP_ID", seed.app_id.clone()),
        ("POSTERN_META_APP_SECRET", seed.app_secret.clone()),
        ("POSTERN_LISTEN", listen.to_string()),
        ("POSTERN_DATABASE_URL", database.to_owned()),
    ]
}

/// The settings, then the process's own environment, then the defaults: of several values the first counts.
fn environment(settings: &[(&'static str, String)]) -> Environment {
    let pair = |(name, value): (&str, &str)| (OsString::from(name), OsString::from(value));
    let fixed = [("POSTERN_ENVIRONMENT", "development")];
    let settings = settings.iter().map(|(name, value)| (*name, value.as_str()));
    let first = fixed.into_iter().chain(settings).map(pair);
    first.chain(std::env::vars_os()).chain(DEFAULTS.into_iter().map(pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_every_interface_is_reached_on_the_loopback() {
        assert_eq!(reachable("0.0.0.0:81".parse().unwrap()).as_str(), "http://127.0.0.1:81/");
        assert_eq!(reachable("[::1]:82".parse().unwrap()).as_str(), "http://[::1]:82/");
    }

    #[test]
    fn the_settings_of_the_demo_stand_before_those_of_the_environment() {
        let all = environment(&[("POSTERN_META_GRAPH_URL", "http://127.0.0.1:1/".to_owned())]);
        let first = all.iter().find(|(name, _)| name == "POSTERN_META_GRAPH_URL").unwrap();
        assert_eq!(first.1, "http://127.0.0.1:1/");
        assert_eq!(all.last().unwrap().0, "POSTERN_METRICS_LISTEN");
    }
}
