//! Positions in lists.

use std::ops::Deref;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};

use super::{as_text, plain_type};

/// A sealed position as its reader gave it; [`crate::request::Cursors`] opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

impl Cursor {
    #[expect(clippy::unnecessary_wraps, reason = "the form that the other values have")]
    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

impl Deref for Cursor {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Type for Cursor {
    plain_type!("cursor");

    /// The pattern is that of base64url without padding (RFC 4648 §5).
    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.pattern = Some("^[A-Za-z0-9_-]*$".to_owned());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Cursor);
