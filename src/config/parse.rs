//! Reading values from text.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use outbound::AllowedHost;
use url::Url;

/// A value that can be written as a setting.
pub(crate) trait FromText: Sized {
    /// What it should have been, after "is not".
    const EXPECTED: &'static str;

    /// Reads it; `None` where it is something else.
    fn from_text(text: &str) -> Option<Self>;
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// An address to listen on, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AddressOrOff(pub(crate) Option<SocketAddr>);

/// The origin of a front end in the form that browsers send: scheme, host and a port that is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) String);

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! parsed {
    ($($kind:ty: $expected:literal;)*) => {$(
        impl FromText for $kind {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                Self::from_str(text).ok()
            }
        }
    )*};
}

parsed! {
    bool: "`true` or `false`";
    u8: "a number from 0 to 255";
    usize: "a whole number";
    SocketAddr: "an address with a port, such as 127.0.0.1:8080";
    PathBuf: "a path";
    String: "text";
    AllowedHost: "a host with a port, such as 127.0.0.1:8900";
}

impl FromText for AddressOrOff {
    const EXPECTED: &'static str = "an address with a port, such as 127.0.0.1:9090, or `off`";

    fn from_text(text: &str) -> Option<Self> {
        if text == "off" { Some(Self(None)) } else { text.parse().ok().map(|address| Self(Some(address))) }
    }
}

impl FromText for Duration {
    const EXPECTED: &'static str = "a time, such as 500ms, 10s, 15m, 1h or 2d";

    fn from_text(text: &str) -> Option<Self> {
        let (count, unit) = split_number(text)?;
        match unit {
            "ms" => Some(Self::from_millis(count)),
            "s" => Some(Self::from_secs(count)),
            "m" => count.checked_mul(60).map(Self::from_secs),
            "h" => count.checked_mul(3_600).map(Self::from_secs),
            "d" => count.checked_mul(86_400).map(Self::from_secs),
            _ => None,
        }
    }
}

impl FromText for Size {
    const EXPECTED: &'static str = "a number of bytes, such as 1000, 64KiB, 32MiB or 1GiB";

    fn from_text(text: &str) -> Option<Self> {
        let (count, unit) = split_number(text)?;
        let bytes = match unit {
            "" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        count.checked_mul(bytes).map(Self)
    }
}

impl FromText for Url {
    const EXPECTED: &'static str = "an http or https address without credentials, query and fragment";

    fn from_text(text: &str) -> Option<Self> {
        let url = Self::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        let bare = url.query().is_none() && url.fragment().is_none();
        (matches!(url.scheme(), "http" | "https") && url.has_host() && plain && bare).then_some(url)
    }
}

impl FromText for Origin {
    const EXPECTED: &'static str = "an origin, such as https://app.example.com; `*` is not possible";

    fn from_text(text: &str) -> Option<Self> {
        let url = Url::from_text(text).filter(|url| url.path() == "/")?;
        Some(Self(url.origin().ascii_serialization()))
    }
}

impl<T: FromText> FromText for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_text(text: &str) -> Option<Self> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::from_text).collect()
    }
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_a_unit() {
        assert_eq!(Duration::from_text("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(Duration::from_text("15 m"), Some(Duration::from_mins(15)));
        assert_eq!(Duration::from_text("2d"), Some(Duration::from_hours(48)));
        for text in ["10", "", "s", "-1s", "1.5s", "1 year", "99999999999999999999s", "999999999999999999d"] {
            assert_eq!(Duration::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_count_in_powers_of_two() {
        assert_eq!(Size::from_text("1000"), Some(Size(1_000)));
        assert_eq!(Size::from_text("32MiB"), Some(Size(33_554_432)));
        for text in ["32MB", "", "MiB", "-1", "99999999999GiB"] {
            assert_eq!(Size::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn origins_take_the_form_that_browsers_send() {
        let origins =
            Vec::<Origin>::from_text("https://App.Example.com:443, http://localhost:5173/").unwrap();
        let origins: Vec<_> = origins.into_iter().map(|origin| origin.0).collect();
        assert_eq!(origins, ["https://app.example.com", "http://localhost:5173"]);
        for text in ["*", "app.example.com", "https://app.example.com/path", "https://a:b@c.example", "null"]
        {
            assert_eq!(Vec::<Origin>::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn web_addresses_carry_no_credentials_and_no_query() {
        assert!(Url::from_text("https://api.example.com/postern").is_some());
        for text in
            ["ftp://example.com", "https://user@example.com", "https://example.com/?a=b", "example.com"]
        {
            assert_eq!(Url::from_text(text), None, "{text}");
        }
    }
}
