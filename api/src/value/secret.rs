//! Secrets that pass through the API: passwords in, tokens out.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use secrecy::{ExposeSecret, SecretString};

use super::{as_text, plain_type};

/// A secret: shown in no log and no error.
#[derive(Debug, Clone)]
pub struct Secret(pub SecretString);

impl Secret {
    #[expect(clippy::unnecessary_wraps, reason = "the form that the other values have")]
    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned().into()))
    }

    fn write(&self) -> String {
        self.0.expose_secret().to_owned()
    }
}

/// For the validators of lengths.
impl AsRef<str> for Secret {
    fn as_ref(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl Type for Secret {
    plain_type!("secret");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("string", "password");
        schema.max_length = Some(1024);
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Secret);
