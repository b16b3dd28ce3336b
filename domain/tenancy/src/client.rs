//! The device a request comes from, as far as security needs to know it.

use std::net::{IpAddr, Ipv6Addr};

/// The longest user agent that is kept, in characters.
const LONGEST_USER_AGENT: usize = 300;

/// Address and user agent of a client. Personal data: sealed at rest, never logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The address the request came from, as far as a trusted proxy tells it.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client(…)")
    }
}

impl Client {
    /// The address as one subscriber has it: an IPv4 address, or the /64 of an IPv6 address.
    pub fn subscriber(&self) -> Option<IpAddr> {
        self.address.map(|address| match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// The user agent, shortened.
    pub(crate) fn short_user_agent(&self) -> Option<String> {
        self.user_agent.as_ref().map(|text| text.chars().take(LONGEST_USER_AGENT).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(address: &str) -> String {
        let client = Client { address: Some(address.parse().unwrap()), user_agent: None };
        client.subscriber().unwrap().to_string()
    }

    #[test]
    fn one_subscriber_cannot_multiply_by_changing_the_lower_half() {
        assert_eq!(subscriber("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(subscriber("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(subscriber("192.0.2.7"), "192.0.2.7");
        assert_eq!(subscriber("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
