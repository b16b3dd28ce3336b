//! Reading what Meta answers, liberally: ids and numbers come as text or as numbers, any field may be missing, and
//! fields that are not named by a decoder never enter the process' own structures.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A single value of whatever type.
#[derive(Debug, PartialEq)]
enum Scalar {
    Text(String),
    Number(i64),
    Fraction(f64),
    Flag(bool),
    Other,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(number).map_or_else(|_| Scalar::Text(number.to_string()), Scalar::Number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Fraction(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Scalar, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// The longest id that is believed. Meta's own have at most 20 digits, a post's id is two of them.
const LONGEST_ID: usize = 64;

/// An id: digits, and underscores where it names its parent as well. Ids are stored and become segments of addresses, so
/// anything else counts as missing.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let is_id = |text: &str| {
        (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => Some(text),
        Scalar::Number(number) => Some(number.to_string()),
        Scalar::Fraction(_) | Scalar::Flag(_) | Scalar::Other => None,
    }
    .filter(|text| is_id(text)))
}

/// A text. Empty counts as missing, and so does one with the character zero, which no store of text takes.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) if !text.is_empty() && !text.contains('\0') => Some(text),
        Scalar::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number.
#[expect(clippy::cast_possible_truncation, reason = "percentages and minutes: the fraction does not matter")]
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Number(number) => Some(number),
        Scalar::Fraction(number) => Some(number as i64),
        _ => None,
    })
}

/// Yes or no.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Flag(flag) => Some(flag),
        Scalar::Text(text) => text.parse().ok(),
        _ => None,
    })
}

/// An instant, as Unix seconds or as `2024-02-06T09:31:16+0000`.
pub(crate) fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Number(seconds) => DateTime::from_timestamp(seconds, 0),
        Scalar::Text(text) => DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%z")
            .or_else(|_| DateTime::parse_from_rfc3339(&text))
            .ok()
            .map(|instant| instant.with_timezone(&Utc)),
        _ => None,
    })
}

/// What only an id is wanted of.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Node {
    /// The id.
    #[serde(default, deserialize_with = "id")]
    pub(crate) id: Option<String>,
}

/// A page of a list. `data` is required: an answer without it is no list, and so no proof of absence.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    /// The entries.
    pub(crate) data: Vec<T>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Debug, Default, Deserialize)]
struct Paging {
    #[serde(default)]
    cursors: Option<Cursors>,
    #[serde(default)]
    next: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
struct Cursors {
    #[serde(default, deserialize_with = "text")]
    after: Option<String>,
}

impl<T> List<T> {
    /// Whether the platform says that more follows.
    pub(crate) fn has_more(&self) -> bool {
        self.paging.as_ref().is_some_and(|paging| paging.next.is_some())
    }

    /// Where the next page begins. The ready-made address of the next page is not followed: it may carry a token.
    pub(crate) fn after(self) -> Option<String> {
        let paging = self.paging?;
        paging.next?;
        paging.cursors?.after
    }
}

/// "It is done", as `true` or as `{"success":true}`: Meta's documents and its servers differ.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Acknowledgement {
    /// The bare word.
    Bare(bool),
    /// The object.
    Wrapped {
        /// Whether it is done.
        #[serde(default, deserialize_with = "flag")]
        success: Option<bool>,
    },
}

impl Acknowledgement {
    /// Whether it is done.
    pub(crate) const fn is_yes(&self) -> bool {
        matches!(self, Self::Bare(true) | Self::Wrapped { success: Some(true) })
    }
}

/// The platform's error numbers. Its text is not even read.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ErrorNumbers {
    /// The code.
    #[serde(default, deserialize_with = "number")]
    pub(crate) code: Option<i64>,
    /// The subcode.
    #[serde(default, rename = "error_subcode", deserialize_with = "number")]
    pub(crate) subcode: Option<i64>,
    /// Whether Meta calls it passing.
    #[serde(default, deserialize_with = "flag")]
    pub(crate) is_transient: Option<bool>,
    /// Meta's name for the request.
    #[serde(default, rename = "fbtrace_id", deserialize_with = "text")]
    pub(crate) trace: Option<String>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: ErrorOrAnything,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorOrAnything {
    Numbers(ErrorNumbers),
    Anything(IgnoredAny),
}

/// The error an answer carries, if it carries one.
pub(crate) fn error(body: &[u8]) -> Option<ErrorNumbers> {
    // Serde reads a struct from a list too, and a list of one answer is no error.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    match serde_json::from_slice::<ErrorAnswer>(body).ok()?.error {
        ErrorOrAnything::Numbers(numbers) => Some(numbers),
        ErrorOrAnything::Anything(_) => Some(ErrorNumbers::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Odd {
        #[serde(default, deserialize_with = "id")]
        id: Option<String>,
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "number")]
        percent: Option<i64>,
        #[serde(default, deserialize_with = "instant")]
        at: Option<DateTime<Utc>>,
    }

    fn odd(json: &str) -> Odd {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ids_are_read_as_text_and_as_numbers() {
        assert_eq!(odd(r#"{"id":"17_3"}"#).id.unwrap(), "17_3");
        assert_eq!(odd(r#"{"id":17841405822304914}"#).id.unwrap(), "17841405822304914");
        assert_eq!(odd(r#"{"id":18446744073709551615}"#).id.unwrap(), "18446744073709551615");
    }

    #[test]
    fn what_is_no_id_counts_as_missing() {
        let whole_page = format!(r#"{{"id":"{}"}}"#, "1".repeat(3 << 10));
        let one_too_many = format!(r#"{{"id":"{}"}}"#, "1".repeat(LONGEST_ID + 1));
        for json in [
            "{}",
            r#"{"id":null}"#,
            r#"{"id":""}"#,
            r#"{"id":{"a":[1]}}"#,
            r#"{"id":[1,2]}"#,
            r#"{"id":"12\u0000"}"#,
            r#"{"id":"12/feed"}"#,
            r#"{"id":".."}"#,
            r#"{"id":" 12"}"#,
            r#"{"id":"１２"}"#,
            r#"{"id":-12}"#,
            r#"{"id":12.5}"#,
            r#"{"id":1e30}"#,
            r#"{"id":true}"#,
            &whole_page,
            &one_too_many,
        ] {
            assert_eq!(odd(json).id, None, "{json}");
        }
        let longest = "1".repeat(LONGEST_ID);
        assert_eq!(odd(&format!(r#"{{"id":"{longest}"}}"#)).id, Some(longest));
    }

    #[test]
    fn a_text_that_no_store_takes_counts_as_missing() {
        assert_eq!(odd(r#"{"name":"Caf\u00e9"}"#).name.unwrap(), "Café");
        assert_eq!(odd(r#"{"name":"Caf\u0000"}"#).name, None);
    }

    #[test]
    fn fractions_of_numbers_are_dropped() {
        assert_eq!(odd(r#"{"percent":99.9}"#).percent, Some(99));
    }

    #[test]
    fn instants_are_read_in_both_spellings() {
        let expected = DateTime::from_timestamp(1_707_211_876, 0).unwrap();
        for json in [
            r#"{"at":"2024-02-06T09:31:16+0000"}"#,
            r#"{"at":"2024-02-06T10:31:16+01:00"}"#,
            r#"{"at":1707211876}"#,
        ] {
            assert_eq!(odd(json).at, Some(expected), "{json}");
        }
        assert_eq!(odd(r#"{"at":"yesterday"}"#).at, None);
    }

    #[test]
    fn a_list_without_data_is_no_list() {
        assert!(serde_json::from_str::<List<Node>>("{}").is_err());
        assert!(serde_json::from_str::<List<Node>>(r#"{"data":[]}"#).unwrap().data.is_empty());
    }

    #[test]
    fn the_last_page_is_the_one_without_next() {
        let last = r#"{"data":[],"paging":{"cursors":{"after":"x"}}}"#;
        let more = r#"{"data":[],"paging":{"cursors":{"after":"x"},"next":"https://elsewhere/"}}"#;
        assert_eq!(serde_json::from_str::<List<Node>>(last).unwrap().after(), None);
        assert_eq!(serde_json::from_str::<List<Node>>(more).unwrap().after().unwrap(), "x");
    }

    #[test]
    fn both_spellings_of_done_are_understood() {
        for (json, yes) in [
            ("true", true),
            (r#"{"success":true}"#, true),
            ("false", false),
            (r#"{"success":false}"#, false),
            ("{}", false),
        ] {
            assert_eq!(serde_json::from_str::<Acknowledgement>(json).unwrap().is_yes(), yes, "{json}");
        }
    }

    #[test]
    fn an_error_is_seen_whatever_its_shape() {
        let full = error(br#"{"error":{"message":"m","code":"190","error_subcode":460,"is_transient":false,"fbtrace_id":"T"}}"#);
        let numbers = full.unwrap();
        assert_eq!(
            (numbers.code, numbers.subcode, numbers.trace.as_deref()),
            (Some(190), Some(460), Some("T"))
        );
        assert_eq!(error(br#"{"error":"invalid_request"}"#), Some(ErrorNumbers::default()));
        assert_eq!(error(br#"{"id":"1"}"#), None);
        assert_eq!(error(b"true"), None);
        assert_eq!(error(b"<html>"), None);
    }
}
