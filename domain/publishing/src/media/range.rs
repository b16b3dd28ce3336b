//! Parts of a file: the `Range` and `If-Range` headers (RFC 9110, sections 13 and 14).

use std::ops::Range;

/// What a request asks for, as its headers say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The `Range` header.
    pub range: Option<String>,
    /// The `If-Range` header.
    pub if_range: Option<String>,
    /// Whether only the headers are wanted (`HEAD`).
    pub head_only: bool,
}

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything.
    Whole,
    /// These bytes.
    Some(Range<u64>),
    /// There is nothing where the request points.
    Unsatisfiable,
}

/// Decides what to send of `length` bytes, more than zero. A header that is not understood, names another unit or several
/// ranges is ignored, as a server may; so is one whose `If-Range` names another version or a date.
pub(super) fn part(asked: &Asked, etag: &str, length: u64) -> Part {
    if asked.if_range.as_deref().is_some_and(|wanted| wanted.trim() != etag) {
        return Part::Whole;
    }
    match asked.range.as_deref().and_then(|header| parse(header, length)) {
        None => Part::Whole,
        Some(range) if range.start >= range.end => Part::Unsatisfiable,
        Some(range) => Part::Some(range),
    }
}

/// The range, cut to the length; an empty one cannot be satisfied.
fn parse(header: &str, length: u64) -> Option<Range<u64>> {
    let (unit, set) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    match set.trim().split_once('-')? {
        ("", last) => Some(length.saturating_sub(number(last)?)..length),
        (first, "") => Some(number(first)?..length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            // A range that ends before it begins is not a range at all.
            (first <= last).then(|| first..last.saturating_add(1).min(length))
        }
    }
}

/// Digits only; a number that does not fit is as good as the largest one.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Part {
        part(&Asked { range: Some(range.to_owned()), ..Asked::default() }, "\"e\"", 1_000)
    }

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-499", 0..500),
            ("bytes=500-999", 500..1_000),
            ("bytes=-500", 500..1_000),
            ("bytes=500-", 500..1_000),
            ("Bytes=990-99999999999999999999999", 990..1_000),
            ("bytes=-99999", 0..1_000),
            ("bytes=999-", 999..1_000),
        ] {
            assert_eq!(asked(range), Part::Some(expected), "{range}");
        }
    }

    #[test]
    fn what_points_behind_the_end_cannot_be_satisfied() {
        for range in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(range), Part::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "items=0-5",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=0-1,5-6",
            "bytes=+1-2",
        ] {
            assert_eq!(asked(range), Part::Whole, "{range}");
        }
    }

    #[test]
    fn another_version_is_sent_whole() {
        let with = |if_range: &str| {
            let asked = Asked {
                range: Some("bytes=0-9".to_owned()),
                if_range: Some(if_range.to_owned()),
                head_only: false,
            };
            part(&asked, "\"e\"", 1_000)
        };
        assert_eq!(with("\"e\""), Part::Some(0..10));
        for other in ["\"f\"", "W/\"e\"", "Sun, 22 Nov 2026 08:00:00 GMT"] {
            assert_eq!(with(other), Part::Whole, "{other}");
        }
    }
}
