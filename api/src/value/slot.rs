//! Times of day at which something may be published.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use scheduling::week::SlotTime;

use super::{as_text, plain_type};

/// A time of day in whole minutes, such as `09:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotText(pub SlotTime);

impl SlotText {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(self) -> String {
        self.0.to_string()
    }
}

impl Type for SlotText {
    plain_type!("slot");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.pattern = Some("^([01][0-9]|2[0-3]):[0-5][0-9]$".to_owned());
        schema.example = Some("09:30".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] SlotText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_accepts_the_times_that_are_slots() {
        let MetaSchemaRef::Inline(schema) = SlotText::schema_ref() else { unreachable!() };
        let pattern = regex::Regex::new(&schema.pattern.unwrap()).unwrap();
        for text in ["00:00", "09:30", "23:59", "24:00", "9:30", "09:60", "09:30:00", "0a:00"] {
            assert_eq!(pattern.is_match(text), SlotText::read(text).is_some(), "{text}");
        }
    }
}
