//! The resolver that lets only public addresses through. It answers the connection itself: what it approved is what is connected
//! to, so a name that resolves differently the next time gains nothing.

use std::{io, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use publishing::media::fetch::AddressRefusal;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_global;

/// Resolves names.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Every address of the name; the ports are ignored.
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// [`Lookup`] behind the guard.
pub(crate) struct Guard(pub(crate) Arc<dyn Lookup>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.0);
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await.map_err(|_| AddressRefusal::NotPublic)?;
            let public: Vec<_> = found.into_iter().filter(|address| is_global(address.ip())).collect();
            if public.is_empty() {
                return Err(AddressRefusal::NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Says something else each time it is asked, and then nothing.
    struct Rebinding(Vec<Vec<&'static str>>, AtomicUsize);

    #[async_trait]
    impl Lookup for Rebinding {
        async fn lookup(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
            let turn = self.1.fetch_add(1, Ordering::Relaxed);
            let answer = self.0.get(turn).ok_or(io::ErrorKind::NotFound)?;
            Ok(answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
        }
    }

    async fn resolve(guard: &Guard) -> Option<Vec<String>> {
        let found = guard.resolve("rebind.test".parse().unwrap()).await;
        found.ok().map(|addresses| addresses.map(|address| address.ip().to_string()).collect())
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_reaches_only_public_addresses() {
        let answers = vec![
            vec!["93.184.216.34"],
            vec!["127.0.0.1"],
            vec!["10.0.0.1", "93.184.216.34", "::1", "::ffff:93.184.216.34"],
            vec!["169.254.169.254", "fd00::1"],
            vec![],
        ];
        let guard = Guard(Arc::new(Rebinding(answers, AtomicUsize::new(0))));
        let public = Some(vec!["93.184.216.34".to_owned()]);
        assert_eq!(resolve(&guard).await, public);
        assert_eq!(resolve(&guard).await, None);
        assert_eq!(resolve(&guard).await, public);
        assert_eq!(resolve(&guard).await, None);
        assert_eq!(resolve(&guard).await, None);
        assert_eq!(resolve(&guard).await, None, "not resolving looks like resolving to a private address");
    }
}
