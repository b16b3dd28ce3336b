//! The usage headers: how much of each limit is used up.

use std::{collections::HashMap, time::Duration};

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::decode;

/// Percentages from here on mean that calls are refused.
const FULL: i64 = 100;

/// What the headers of one answer say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The app has used up its calls.
    pub(crate) app_full: bool,
    /// The Page that was called has used up its calls.
    pub(crate) page_full: bool,
    /// Pages and accounts that have used up theirs, with the time until they may call again where it is named.
    pub(crate) full: Vec<(String, Option<Duration>)>,
}

#[derive(Default, Deserialize)]
struct Counts {
    #[serde(default, deserialize_with = "decode::number")]
    call_count: Option<i64>,
    #[serde(default, deserialize_with = "decode::number")]
    total_time: Option<i64>,
    #[serde(default, deserialize_with = "decode::number")]
    total_cputime: Option<i64>,
    #[serde(default, rename = "type", deserialize_with = "decode::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "decode::number")]
    estimated_time_to_regain_access: Option<i64>,
}

impl Counts {
    fn is_full(&self) -> bool {
        [self.call_count, self.total_time, self.total_cputime].into_iter().flatten().any(|used| used >= FULL)
    }

    /// Advertising and messaging have limits of their own, which do not concern publishing.
    fn concerns_publishing(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| matches!(kind, "pages" | "instagram"))
    }

    /// The header counts in minutes.
    fn regain(&self) -> Option<Duration> {
        let minutes = self.estimated_time_to_regain_access.and_then(|minutes| u64::try_from(minutes).ok())?;
        (minutes > 0).then(|| Duration::from_secs(minutes.min(24 * 60) * 60))
    }
}

impl Usage {
    /// Reads the headers. What cannot be read says nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            app_full: is_full(headers, "x-app-usage"),
            page_full: is_full(headers, "x-page-usage"),
            full: business_use_cases(headers),
        }
    }
}

fn is_full(headers: &HeaderMap, name: &str) -> bool {
    let Some(value) = headers.get(name) else { return false };
    serde_json::from_slice::<Counts>(value.as_bytes()).is_ok_and(|counts| counts.is_full())
}

fn business_use_cases(headers: &HeaderMap) -> Vec<(String, Option<Duration>)> {
    let Some(value) = headers.get("x-business-use-case-usage") else { return Vec::new() };
    let Ok(cases) = serde_json::from_slice::<HashMap<String, Vec<Counts>>>(value.as_bytes()) else {
        return Vec::new();
    };
    cases
        .into_iter()
        .filter_map(|(id, counts)| {
            let full =
                counts.iter().filter(|c| c.concerns_publishing() && (c.is_full() || c.regain().is_some()));
            let regains: Vec<_> = full.map(Counts::regain).collect();
            (!regains.is_empty()).then(|| (id, regains.into_iter().max().flatten()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(name: &'static str, value: &'static str) -> Usage {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        Usage::of(&headers)
    }

    #[test]
    fn an_app_is_full_from_one_hundred_percent_of_anything() {
        assert!(!usage("X-App-Usage", r#"{"call_count":28,"total_time":99,"total_cputime":25}"#).app_full);
        assert!(usage("X-App-Usage", r#"{"call_count":28,"total_time":"100","total_cputime":25}"#).app_full);
        assert!(usage("x-page-usage", r#"{"call_count":104.5}"#).page_full);
    }

    #[test]
    fn the_time_to_regain_access_is_in_minutes() {
        let usage = usage(
            "X-Business-Use-Case-Usage",
            concat!(
                r#"{"1":[{"type":"pages","call_count":97,"estimated_time_to_regain_access":0}],"#,
                r#""2":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}"#,
            ),
        );
        assert_eq!(usage.full, [("2".to_owned(), Some(Duration::from_mins(19)))]);
    }

    #[test]
    fn limits_of_advertising_do_not_stop_publishing() {
        let ads =
            r#"{"2":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":19}]}"#;
        assert_eq!(usage("X-Business-Use-Case-Usage", ads), Usage::default());
    }

    #[test]
    fn nonsense_says_nothing() {
        for value in ["", "[]", "{", "null", r#"{"2":3}"#] {
            assert_eq!(usage("X-Business-Use-Case-Usage", value), Usage::default(), "{value}");
            assert_eq!(usage("X-App-Usage", value), Usage::default(), "{value}");
        }
    }
}
