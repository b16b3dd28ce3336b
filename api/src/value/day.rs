//! Days of the calendar.

use chrono::NaiveDate;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};

use super::{as_text, plain_type};

/// A day, such as `2027-12-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Day(pub NaiveDate);

impl Day {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(self) -> String {
        self.0.to_string()
    }
}

impl Type for Day {
    plain_type!("day");

    /// The checker knows the format; see [`crate::strict`].
    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("string", "date");
        schema.pattern = Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$".to_owned());
        schema.example = Some("2027-12-24".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Day);
