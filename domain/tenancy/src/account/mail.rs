//! Mail addresses.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::refusal::Violation;

/// The purpose of the keyed hash by which a person is found.
pub(crate) const MAIL_LOOKUP: &str = "mail";

/// A mail address as its owner writes it. Personal data: `Debug` shows nothing.
#[derive(Clone)]
pub struct MailAddress(SecretString);

impl MailAddress {
    /// Checks that the text can be an address. Whether it exists only a mail can tell; lengths are those of RFC 5321 §4.5.3.1.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = text.trim();
        let wrong = || {
            Violation::new("mail", "not_a_mail_address", "must be a mail address such as name@example.org")
        };
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let fits = (1..=64).contains(&local.len()) && text.len() <= 254;
        let printable = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        // Quoted local parts may contain more; nobody has one, and they are a way around comparisons.
        let plain = !local.contains(['@', '"', '<', '>', '(', ')', ',', ';', ':', '\\', '[', ']']);
        if fits && printable && plain && is_domain(domain) { Ok(Self(text.into())) } else { Err(wrong()) }
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        self.0.expose_secret()
    }

    /// What addresses are compared by: without regard to case.
    pub fn normalized(&self) -> String {
        self.as_str().to_lowercase()
    }
}

/// At least two labels of letters, digits and hyphens; letters of any script, for internationalized names.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.contains('.') && domain.split('.').all(label)
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_compared_without_regard_to_case() {
        let address = MailAddress::parse(" Ada.Lovelace@Example.ORG ").unwrap();
        assert_eq!(address.as_str(), "Ada.Lovelace@Example.ORG");
        assert_eq!(address.normalized(), "ada.lovelace@example.org");
        assert!(!format!("{address:?}").contains("Ada"));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "", "a", "@b.c", "a@", "a@b", "a@b..c", "a b@c.de", "a@b@c.de", "a\0@b.de", "a@-b.de", "<a@b.de>",
        ] {
            assert!(MailAddress::parse(text).is_err(), "{text:?}");
        }
        assert!(MailAddress::parse(&format!("{}@b.de", "a".repeat(65))).is_err());
        assert!(MailAddress::parse("jörg+tag@bücher.example").is_ok());
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_passes_passes_again(text in "\\PC{0,40}@?\\PC{0,40}") {
            if let Ok(address) = MailAddress::parse(&text) {
                prop_assert!(MailAddress::parse(address.as_str()).is_ok());
            }
        }
    }
}
