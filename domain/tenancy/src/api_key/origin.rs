//! Web origins (RFC 6454) that may use a key from a browser.

use std::fmt;

use crate::refusal::Violation;

/// A scheme, a host and maybe a port, in lower case. Never a wildcard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Checks a text such as `https://app.example.org`. Plain HTTP only from the same machine, for development.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let wrong = |detail: &str| Violation::new("origins", "not_an_origin", detail);
        let text = text.trim().to_ascii_lowercase();
        let (scheme, authority) = text
            .split_once("://")
            .ok_or_else(|| wrong("must be an origin such as https://app.example.org"))?;
        let (host, port) = split_port(authority);
        if !is_host(host) || port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('0')) {
            return Err(wrong("must be a scheme, a host and at most a port"));
        }
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let default_port = match scheme {
            "https" => "443",
            "http" if is_here => "80",
            _ => return Err(wrong("must be https, or http on this machine")),
        };
        // Browsers leave the default port out of the Origin header.
        let port =
            port.filter(|port| *port != default_port).map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self(format!("{scheme}://{host}{port}")))
    }

    /// The text, as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    let is_name = !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    is_name
        || host
            .strip_prefix('[')
            .and_then(|v6| v6.strip_suffix(']'))
            .is_some_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        let read = |text: &str| Origin::parse(text).map(|origin| origin.to_string());
        assert_eq!(read("HTTPS://App.Example.org:443").unwrap(), "https://app.example.org");
        assert_eq!(read("http://localhost:5173").unwrap(), "http://localhost:5173");
        assert_eq!(read("http://[::1]:80").unwrap(), "http://[::1]");
    }

    #[test]
    fn wildcards_paths_and_plain_http_are_refused() {
        for text in [
            "*",
            "https://*",
            "https://*.example.org",
            "http://example.org",
            "https://a.b/",
            "https://a.b/x",
            "null",
            "https://",
            "https://u@a.b",
            "https://a.b:0",
            "https://a.b:99999",
            "https://a b",
            "https://a.b:",
            "file:///x",
            "https://[zz]",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
