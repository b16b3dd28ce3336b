//! Time zones.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use zone::Tz;

use super::{as_text, plain_type};

/// A zone of the IANA database by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Zone {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(self) -> String {
        self.0.name().to_owned()
    }
}

impl Type for Zone {
    plain_type!("zone");

    /// The checker knows the format; see [`crate::strict`].
    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("string", "iana-time-zone");
        schema.max_length = Some(64);
        schema.example = Some("Europe/Berlin".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Zone);
