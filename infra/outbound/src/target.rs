//! Judging an address before anything is sent.

use std::{net::IpAddr, str::FromStr};

use publishing::media::fetch::AddressRefusal;
use url::{Host, Url};

use crate::address::is_global;

/// A host and port that may be private: a sandbox, or a server of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    host: String,
    port: u16,
}

/// The text is not `host:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an allowed host is written `host:port`, such as `127.0.0.1:8900`")]
pub struct NotAHost;

impl FromStr for AllowedHost {
    type Err = NotAHost;

    /// Reads `host:port` and brings the host into the form that [`Url`] gives it.
    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let url = Url::parse(&format!("http://{text}/")).map_err(|_| NotAHost)?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(NotAHost);
        };
        if url.path() != "/" || has_credentials(&url) || !text.ends_with(&format!(":{port}")) {
            return Err(NotAHost);
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// How an address may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Through the guard.
    Public,
    /// Past it, because the operator allowed this host and port.
    Allowed,
}

/// Judges an address by its text. A name that passes is judged again when it is resolved; [`Url`] has already turned every
/// spelling of a version 4 address (octal, hexadecimal, one number, full-width digits) into the plain one.
pub(crate) fn judge(url: &Url, allowed: &[AllowedHost]) -> Result<Route, AddressRefusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressRefusal::Scheme);
    }
    if has_credentials(url) {
        return Err(AddressRefusal::Credentials);
    }
    let port = url.port_or_known_default().ok_or(AddressRefusal::Port)?;
    let host = url.host().ok_or(AddressRefusal::NotPublic)?;
    let name = url.host_str().unwrap_or_default();
    if allowed.iter().any(|known| known.port == port && known.host == name) {
        return Ok(Route::Allowed);
    }
    if !matches!(port, 80 | 443) {
        return Err(AddressRefusal::Port);
    }
    let public = match host {
        Host::Ipv4(address) => is_global(IpAddr::V4(address)),
        Host::Ipv6(address) => is_global(IpAddr::V6(address)),
        // A name without a dot is one of the local network.
        Host::Domain(name) => name.trim_end_matches('.').contains('.'),
    };
    if public { Ok(Route::Public) } else { Err(AddressRefusal::NotPublic) }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Result<Route, AddressRefusal> {
        let allowed = ["127.0.0.1:8900".parse().unwrap(), "sandbox.test:80".parse().unwrap()];
        judge(&Url::parse(text).unwrap(), &allowed)
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        let evil = r"
            http://127.0.0.1/ http://127.1/ http://2130706433/ http://0x7f000001/ http://0x7f.1/
            http://0177.0.0.1/ http://017700000001/ http://127.0.0.1./ http://0/ http://0.0.0.0/
            http://１２７.０.０.１/ http://127。0。0。1/ http://①②⑦.0.0.1/ http:\\127.0.0.1\
            http:///127.0.0.1/ http://%31%32%37.0.0.1/ http://[::1]/ http://[::]/
            http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/
            http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/
            http://[fe80::1]/ http://[fd00:ec2::254]/ http://169.254.169.254/latest/meta-data/
            http://2852039166/ http://0xa9fea9fe/ https://10.0.0.1/ https://192.168.1.1/
            https://100.64.0.1/ http://localhost/ http://LOCALHOST/ http://localhost./
            http://postgres/ http://metadata/
        ";
        for text in evil.split_whitespace() {
            assert_eq!(judged(text), Err(AddressRefusal::NotPublic), "{text}");
        }
    }

    #[test]
    fn schemes_ports_and_credentials_are_refused_with_their_reason() {
        let refused = [
            ("ftp://example.com/", AddressRefusal::Scheme),
            ("file:///etc/passwd", AddressRefusal::Scheme),
            ("gopher://example.com/", AddressRefusal::Scheme),
            ("data:image/png;base64,AAAA", AddressRefusal::Scheme),
            ("http://example.com:22/", AddressRefusal::Port),
            ("http://example.com:5432/", AddressRefusal::Port),
            ("https://127.0.0.1:8901/", AddressRefusal::Port),
            ("http://user@example.com/", AddressRefusal::Credentials),
            ("http://user:word@127.0.0.1:8900/", AddressRefusal::Credentials),
            ("http://example.com@127.0.0.1/", AddressRefusal::Credentials),
        ];
        for (text, why) in refused {
            assert_eq!(judged(text), Err(why), "{text}");
        }
    }

    #[test]
    fn an_allowed_host_is_allowed_on_its_port_alone() {
        assert_eq!(judged("http://127.0.0.1:8900/x"), Ok(Route::Allowed));
        assert_eq!(judged("http://0x7f.1:8900/x"), Ok(Route::Allowed));
        assert_eq!(judged("http://sandbox.test/"), Ok(Route::Allowed));
        assert_eq!(judged("https://sandbox.test/"), Ok(Route::Public));
        assert_eq!(judged("http://127.0.0.1/"), Err(AddressRefusal::NotPublic));
        assert_eq!(judged("https://example.com/a.jpg"), Ok(Route::Public));
        assert_eq!(judged("http://[2606:4700::1111]/"), Ok(Route::Public));
    }

    #[test]
    fn an_allowed_host_without_a_port_is_no_setting() {
        for text in
            ["127.0.0.1", "localhost", "", ":80", "a@b:80", "host:80/path", "host:99999", "http://host:80"]
        {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
