//! Name resolution with a memory. A burst opens many connections to one host at once, over HTTP/1.1 thousands; without it
//! each would ask the name server, on a thread of its own.

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{sync::Mutex, time::Instant};

/// Half of what Meta's name servers allow (60 s for graph.facebook.com).
const LIFETIME: Duration = Duration::from_secs(30);

type Lookup = fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

struct Known {
    addresses: Vec<SocketAddr>,
    since: Instant,
}

/// Remembers addresses. Those who ask while a question is under way wait for its answer.
#[derive(Clone)]
pub(crate) struct Names {
    known: Arc<Mutex<HashMap<String, Known>>>,
    lookup: Lookup,
}

impl Names {
    /// Asks the system.
    pub(crate) fn new() -> Self {
        Self { known: Arc::default(), lookup: |host| Box::pin(ask_system(host)) }
    }

    /// The addresses of a host. What was known before serves as long as the name server does not answer.
    async fn addresses(&self, host: String, now: Instant) -> io::Result<Vec<SocketAddr>> {
        let mut known = self.known.lock().await;
        if let Some(entry) = known.get(&host).filter(|entry| now < entry.since + LIFETIME) {
            return Ok(entry.addresses.clone());
        }
        match (self.lookup)(host.clone()).await {
            Ok(addresses) if !addresses.is_empty() => {
                known.insert(host, Known { addresses: addresses.clone(), since: now });
                Ok(addresses)
            }
            outcome => known.get(&host).map_or(outcome, |entry| Ok(entry.addresses.clone())),
        }
    }
}

async fn ask_system(host: String) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.collect())
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let addresses = names.addresses(name.as_str().to_owned(), Instant::now()).await?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn names(lookup: Lookup) -> Names {
        Names { known: Arc::default(), lookup }
    }

    #[tokio::test]
    async fn a_burst_asks_once_and_again_after_half_a_minute() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = names(|_| {
            Box::pin(async {
                ASKED.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(vec!["192.0.2.1:0".parse().unwrap()])
            })
        });
        let now = Instant::now();
        let burst = (0..1_000).map(|_| names.addresses("graph.example".to_owned(), now));
        for outcome in futures::future::join_all(burst).await {
            assert_eq!(outcome.unwrap().len(), 1);
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
        names.addresses("graph.example".to_owned(), now + LIFETIME).await.unwrap();
        assert_eq!(ASKED.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn known_addresses_serve_while_the_name_server_is_away() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = names(|_| {
            Box::pin(async {
                match ASKED.fetch_add(1, Ordering::SeqCst) {
                    1 => Ok(vec!["192.0.2.1:0".parse().unwrap()]),
                    _ => Err(io::Error::other("away")),
                }
            })
        });
        let (now, host) = (Instant::now(), || "graph.example".to_owned());
        assert!(names.addresses(host(), now).await.is_err(), "nothing is known yet");
        assert!(names.addresses(host(), now).await.is_ok());
        assert!(names.addresses(host(), now + 2 * LIFETIME).await.is_ok());
        assert_eq!(ASKED.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        assert!(!Names::new().addresses("localhost".to_owned(), Instant::now()).await.unwrap().is_empty());
    }
}
