//! Texts that are shown in no log and no error: secrets, and what identifies a person.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use secrecy::{ExposeSecret, SecretString};

use super::{as_text, plain_type};

/// Declares a text that only its own value shows: its name in the framework, its longest form and its format.
macro_rules! guarded_text {
    ($($(#[doc = $doc:literal])+ $name:ident = $label:literal, $longest:literal, $format:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub struct $name(pub SecretString);

        impl $name {
            fn read(text: &str) -> Option<Self> {
                Some(Self(text.to_owned().into()))
            }

            fn write(&self) -> String {
                self.0.expose_secret().to_owned()
            }
        }

        /// For the validators of lengths.
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl From<SecretString> for $name {
            fn from(secret: SecretString) -> Self {
                Self(secret)
            }
        }

        impl Type for $name {
            plain_type!($label);

            fn schema_ref() -> MetaSchemaRef {
                let format: Option<&'static str> = $format;
                let mut schema = MetaSchema::new("string");
                schema.format = format;
                schema.max_length = Some($longest);
                MetaSchemaRef::Inline(Box::new(schema))
            }
        }

        as_text!([] $name);
    )+};
}

guarded_text! {
    /// A secret: passwords in, tokens out.
    Secret = "secret", 1024, Some("password");
    /// A mail address; the longest one is that of RFC 5321 §4.5.3.1.
    Mail = "mail", 254, Some("email");
    /// What else identifies a person: a name, an address, a device.
    Personal = "personal", 1024, None;
}
