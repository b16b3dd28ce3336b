//! Times on the wall.

use chrono::NaiveDateTime;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};

use super::{as_text, plain_type};

/// What a clock on the wall shows, without a zone. The text has the form; whether there is such a date is asked when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime(String);

impl LocalTime {
    #[expect(clippy::unnecessary_wraps, reason = "the form that the other values have")]
    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }

    /// The time; none if there is no such date or time.
    pub fn time(&self) -> Option<NaiveDateTime> {
        let seconds = if self.0.len() == 16 { ":00" } else { "" };
        format!("{}{seconds}", self.0).parse().ok()
    }
}

impl From<NaiveDateTime> for LocalTime {
    fn from(time: NaiveDateTime) -> Self {
        Self(time.format("%Y-%m-%dT%H:%M:%S").to_string())
    }
}

impl Type for LocalTime {
    plain_type!("local_time");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.pattern = Some(
            "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
                .to_owned(),
        );
        schema.example = Some("2027-03-02T09:30:00".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] LocalTime);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_be_left_out_and_dates_that_do_not_exist_are_none() {
        let time = |text: &str| LocalTime(text.to_owned()).time();
        assert_eq!(time("2027-03-02T09:30"), time("2027-03-02T09:30:00"));
        assert!(time("2028-02-29T09:30").is_some());
        for text in ["2027-02-29T09:30", "2027-03-02", "", "2027-03-02T09:30:00Z", "2027-03-02T24:00:00"] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(LocalTime::from(time("2027-03-02T09:30").unwrap()).write(), "2027-03-02T09:30:00");
    }
}
