//! The record that a person consented: what was granted, under which notice, by whom, from what kind of address.

use std::net::IpAddr;

use tenancy::{Caller, PersonId};
use uuid::Uuid;

use super::attempt::Beginner;

/// The kind of address a request came from: all that is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpClass {
    /// The machine itself.
    Loopback,
    /// A private network.
    Private,
    /// A public IPv4 address.
    PublicV4,
    /// A public IPv6 address.
    PublicV6,
    /// Nobody knows.
    Unknown,
}

impl IpClass {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::PublicV4 => "public_v4",
            Self::PublicV6 => "public_v6",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Option<IpAddr>> for IpClass {
    fn from(address: Option<IpAddr>) -> Self {
        match address.map(|a| a.to_canonical()) {
            None => Self::Unknown,
            Some(a) if a.is_loopback() => Self::Loopback,
            Some(IpAddr::V4(a)) if a.is_private() || a.is_link_local() => Self::Private,
            Some(IpAddr::V6(a)) if a.is_unique_local() || a.is_unicast_link_local() => Self::Private,
            Some(IpAddr::V4(_)) => Self::PublicV4,
            Some(IpAddr::V6(_)) => Self::PublicV6,
        }
    }
}

/// Who consented to what, as opened when channels are chosen and closed when the grant ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its row.
    pub id: Uuid,
    /// The person who answers for it.
    pub person: PersonId,
    /// The session or key it was given through.
    pub through: Beginner,
    /// The notice in force.
    pub policy_version: String,
    /// The kind of address it came from.
    pub ip_class: IpClass,
}

impl Consent {
    /// The caller's consent under this notice, in the row `id`.
    pub fn of(id: Uuid, caller: &Caller, policy_version: &str, ip_class: IpClass) -> Self {
        Self {
            id,
            person: caller.actor.answerable(),
            through: (&caller.actor).into(),
            policy_version: policy_version.to_owned(),
            ip_class,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_reduced_to_its_kind() {
        let class = |text: &str| IpClass::from(Some(text.parse::<IpAddr>().unwrap()));
        assert_eq!(class("127.0.0.1"), IpClass::Loopback);
        assert_eq!(class("::1"), IpClass::Loopback);
        assert_eq!(class("::ffff:10.1.2.3"), IpClass::Private);
        assert_eq!(class("fd00::1"), IpClass::Private);
        assert_eq!(class("203.0.113.9"), IpClass::PublicV4);
        assert_eq!(class("2001:db8::1"), IpClass::PublicV6);
        assert_eq!(IpClass::from(None), IpClass::Unknown);
    }
}
