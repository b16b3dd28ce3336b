//! `sandbox`.

use std::{net::SocketAddr, time::Duration};

use super::{Failure, at};
use crate::{Runtime, runtime::listen};

/// The stand-in for the platforms.
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Keeps the ledger but neither pictures nor request log: for measuring.
    #[arg(long)]
    light: bool,
    /// Milliseconds that every answer takes.
    #[arg(long, default_value_t = 0)]
    latency: u64,
}

impl Sandbox {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (listener, bound) = listen(self.listen).await?;
        let address = at(bound);
        let settings = sandbox::Settings {
            light: self.light,
            latency: Duration::from_millis(self.latency),
            seed: true,
            public_url: address.parse().ok(),
        };
        let sandbox = sandbox::Sandbox::new(settings)?;
        println!(
            "the sandbox listens on {address}; its timeline is {address}/, its admin API {address}/_sandbox/openapi.json"
        );
        print_seed(&sandbox.seed());
        sandbox.serve(listener, Runtime::until_signal()).await?;
        Ok(())
    }
}

/// What any client can use at once. Nothing of it is a secret.
fn print_seed(seed: &sandbox::Seed) {
    println!("app id {} · app secret {}", seed.app_id, seed.app_secret);
    println!("{} (person {}) · user token {}", seed.person_name, seed.person_id, seed.user_token);
    for page in &seed.pages {
        let account = page.instagram.as_ref();
        let account = account.map(|a| format!(" · Instagram @{} ({})", a.username, a.id)).unwrap_or_default();
        println!("Page {} ({}) · token {}{account}", page.name, page.id, page.token);
    }
}
