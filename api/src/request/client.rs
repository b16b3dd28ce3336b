//! The device a request comes from.

use std::net::IpAddr;

use poem::{Addr, FromRequest, Request, RequestBody, Result, http::header};
use tenancy::client::Client;

use super::Context;

/// How the address of a client is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    /// The peer of the connection is the client.
    Peer,
    /// The peer is a proxy of ours; the last entry of `X-Forwarded-For` is what it saw. Earlier entries are the client's own
    /// words and are ignored.
    TrustedProxy,
}

impl ClientAddress {
    /// The client of a request.
    pub fn client(self, request: &Request) -> Client {
        let user_agent = request.header(header::USER_AGENT).map(str::to_owned);
        Client { address: self.find(request), user_agent }
    }

    /// The address of the client, where there is one.
    pub fn find(self, request: &Request) -> Option<IpAddr> {
        let peer = match request.remote_addr().0 {
            Addr::SocketAddr(address) => Some(address.ip()),
            _ => None,
        };
        let forwarded = || request.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok();
        match self {
            Self::Peer => peer,
            Self::TrustedProxy => {
                forwarded().and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).or(peer)
            }
        }
    }
}

/// The device of a request as an argument.
pub struct Device(pub Client);

impl<'a> FromRequest<'a> for Device {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(Context::of(request)?.client.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_forwarded_address_is_believed_and_only_from_a_trusted_proxy() {
        let request = Request::builder().header("x-forwarded-for", "6.6.6.6, 192.0.2.7").finish();
        assert_eq!(ClientAddress::TrustedProxy.find(&request), Some("192.0.2.7".parse().unwrap()));
        assert_eq!(ClientAddress::Peer.find(&request), None);
    }
}
