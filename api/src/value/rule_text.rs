//! Rules of recurrence.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use scheduling::recurrence::{LONGEST_TEXT, Rule, RuleError};

use super::{as_text, plain_type};

/// The text of a rule of recurrence: the part of RFC 5545 (RRULE) that people use. Whether it is a rule is asked when it is
/// read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText(String);

impl RuleText {
    #[expect(clippy::unnecessary_wraps, reason = "the form that the other values have")]
    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }

    /// The rule, or why there is none, in a sentence that does not repeat it.
    pub fn rule(&self) -> Result<Rule, String> {
        self.0.parse().map_err(|error| match error {
            RuleError::NotAPair { .. } => "A part is not of the form NAME=value.".to_owned(),
            RuleError::Unknown { .. } => "There is no part of that name.".to_owned(),
            RuleError::Value { part, expected, .. } => format!("The value of {part}: {expected}."),
            known => format!("{known}."),
        })
    }
}

impl From<Rule> for RuleText {
    fn from(rule: Rule) -> Self {
        Self(rule.to_string())
    }
}

impl Type for RuleText {
    plain_type!("rule");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.min_length = Some(1);
        schema.max_length = Some(LONGEST_TEXT);
        schema.example = Some("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] RuleText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_does_not_repeat_what_was_sent() {
        for text in ["CANARY", "CANARY=1", "FREQ=CANARY", "FREQ=DAILY;INTERVAL=CANARY", &"CANARY".repeat(100)]
        {
            let refusal = RuleText(text.to_owned()).rule().unwrap_err();
            assert!(!refusal.contains("CANARY") && refusal.ends_with('.'), "{refusal}");
        }
        let every_second = RuleText("FREQ=SECONDLY".to_owned()).rule().unwrap_err();
        assert!(every_second.contains("FREQ=SECONDLY is not supported"), "{every_second}");
    }
}
