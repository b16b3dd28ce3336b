//! How values of the domain are written in the API, each with its own schema.

mod cursor;
mod date;
mod event_kind;
mod id;
mod instant;
mod link;
mod local_time;
mod rule_text;
mod scope;
mod secret;
mod slot;
mod word;
mod zone;

/// What every type of the document needs besides its schema.
macro_rules! plain_type {
    ($name:literal) => {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> std::borrow::Cow<'static, str> {
            $name.into()
        }

        fn as_raw_value(&self) -> Option<&Self> {
            Some(self)
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
            Box::new(std::iter::once(self))
        }
    };
}

/// A string that is read by [`std::str::FromStr`] and written by [`std::fmt::Display`].
macro_rules! as_text {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> poem_openapi::types::ParseFromJSON for $type {
            fn parse_from_json(value: Option<serde_json::Value>) -> poem_openapi::types::ParseResult<Self> {
                match value {
                    Some(serde_json::Value::String(text)) => Self::read(&text).ok_or_else(|| {
                        poem_openapi::types::ParseError::custom("the text is not of this form")
                    }),
                    _ => Err(poem_openapi::types::ParseError::expected_input()),
                }
            }
        }

        impl<$($generics)*> poem_openapi::types::ParseFromParameter for $type {
            fn parse_from_parameter(text: &str) -> poem_openapi::types::ParseResult<Self> {
                Self::read(text).ok_or_else(|| poem_openapi::types::ParseError::custom("the text is not of this form"))
            }
        }

        impl<$($generics)*> poem_openapi::types::ToJSON for $type {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(serde_json::Value::String(self.write()))
            }
        }
    };
}

use {as_text, plain_type};

pub use self::{
    cursor::Cursor,
    date::Date,
    event_kind::EventKind,
    id::Id,
    instant::Instant,
    link::Link,
    local_time::LocalTime,
    rule_text::RuleText,
    scope::ScopeName,
    secret::{Mail, Personal, Secret},
    slot::SlotText,
    word::{
        AttemptStep, AttemptVerdict, CalendarStatusName, ChannelStateName, ConnectionStateName,
        ImportRowStateName, ImportStateName, ImportStopName, OccurrenceStateName, PauseReasonName,
        PlatformName, PostStatusName, ProviderName, PublicationState, RemoteRevokeName, SeriesStatusName,
    },
    zone::Zone,
};
