//! Dates of a calendar.

use chrono::NaiveDate;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};

use super::{as_text, plain_type};

/// A date without a time: `2027-03-01`, of four digits for the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date(pub NaiveDate);

impl Date {
    fn read(text: &str) -> Option<Self> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10).map(Self)
    }

    fn write(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }
}

impl Type for Date {
    plain_type!("date");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("string", "date");
        schema.pattern = Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$".to_owned());
        schema.example = Some("2027-03-01".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] Date);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_it_is_written_and_in_no_other_form() {
        assert_eq!(Date::read("2028-02-29").unwrap().write(), "2028-02-29");
        for wrong in ["2027-02-29", "2027-3-01", "+2027-03-01", "12027-03-01", "2027-03-01T00:00:00Z", ""] {
            assert_eq!(Date::read(wrong), None, "{wrong}");
        }
    }
}
