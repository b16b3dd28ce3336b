//! Addresses on the web.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use url::Url;

use super::{as_text, plain_type};

/// The longest address in characters; longer ones do not work in every browser.
const LONGEST: usize = 2048;

/// An absolute address with the scheme `http` or `https`, which always names a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(pub Url);

impl Link {
    fn read(text: &str) -> Option<Self> {
        // Spelled out, an address may be longer than it was written: `ü` is `%C3%BC`.
        let is_link = |url: &Url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= LONGEST;
        Url::parse(text).ok().filter(is_link).map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

impl From<Url> for Link {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl From<Link> for Url {
    fn from(link: Link) -> Self {
        link.0
    }
}

impl Type for Link {
    plain_type!("link");

    /// The format is `url` and not `uri`: as in the URL standard (WHATWG), letters of any script are read. The checker knows it; see
    /// [`crate::strict`].
    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("string", "url");
        schema.pattern = Some("^https?://".to_owned());
        schema.max_length = Some(LONGEST);
        schema.example = Some("https://example.org/harbour".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Link);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert_eq!(Link::read("https://Example.org").unwrap().write(), "https://example.org/");
        assert_eq!(
            Link::read("http://bücher.example/ü").unwrap().write(),
            "http://xn--bcher-kva.example/%C3%BC"
        );
        assert!(Link::read(&format!("https://example.org/{}", "ü".repeat(400))).is_none());
        for text in
            ["/relative", "example.org", "ftp://example.org/", "mailto:ada@example.org", "https://", ""]
        {
            assert_eq!(Link::read(text), None, "{text}");
        }
    }
}
