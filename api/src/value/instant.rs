//! Instants.

use chrono::{DateTime, SecondsFormat, Utc};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};

use super::{as_text, plain_type};

/// An instant: RFC 3339 in UTC with `Z` and milliseconds. Any offset is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

impl Instant {
    fn read(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|instant| Self(instant.to_utc()))
    }

    fn write(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant)
    }
}

impl Type for Instant {
    plain_type!("instant");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("string", "date-time");
        schema.example = Some("2027-03-01T09:30:00.000Z".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Instant);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc_with_z_whatever_offset_they_came_with() {
        let read = Instant::read("2027-03-01T10:30:00+01:00").unwrap();
        assert_eq!(read.write(), "2027-03-01T09:30:00.000Z");
    }
}
