//! The sandbox's own time, which a test can push forward.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds in one second.
pub(crate) const SECOND: i64 = 1_000;
/// Milliseconds in one hour.
pub(crate) const HOUR: i64 = 3_600 * SECOND;
/// Milliseconds in one day.
pub(crate) const DAY: i64 = 24 * HOUR;

/// The system's time plus an offset, so that tokens and containers expire when a test says so.
#[derive(Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// Milliseconds since the Unix epoch, offset included.
    pub(crate) fn now(&self) -> i64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX).saturating_add(self.offset())
    }

    /// The offset in milliseconds.
    pub(crate) fn offset(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Replaces the offset.
    pub(crate) fn set_offset(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

/// The way Graph prints times: `2024-02-06T09:31:16+0000`.
pub(crate) fn print(ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// Reads a `since` or `until`: Unix seconds, RFC 3339, Graph's own spelling or a plain date.
pub(crate) fn parse(text: &str) -> Option<i64> {
    use chrono::{DateTime, NaiveDate, NaiveTime};
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(SECOND);
    }
    let instant =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z"));
    if let Ok(instant) = instant {
        return Some(instant.timestamp_millis());
    }
    let date = text.parse::<NaiveDate>().ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_the_way_graph_prints_them() {
        assert_eq!(print(1_707_211_876_000), "2024-02-06T09:31:16+0000");
    }

    #[test]
    fn every_spelling_of_one_instant_reads_the_same() {
        for text in ["1707211876", "2024-02-06T09:31:16Z", "2024-02-06T09:31:16+0000"] {
            assert_eq!(parse(text), Some(1_707_211_876_000), "{text}");
        }
        assert_eq!(parse("2024-02-06"), Some(1_707_177_600_000));
        assert_eq!(parse("yesterday"), None);
    }
}
