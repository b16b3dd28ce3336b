//! What the platform saw: the only witness of when something was published, and how often.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::Method;

use crate::stage::{
    Result,
    front_end::{FrontEnd, list, text},
    quantiles::Quantiles,
};

/// Something that became visible.
pub(crate) struct Entry {
    /// When, in milliseconds since the Unix epoch.
    at_ms: i64,
    /// Its text; every post of a burst has its own.
    text: String,
}

/// How many entries there are.
pub(crate) async fn length(front_end: &FrontEnd) -> Result<u64> {
    let ledger = front_end.admin(Method::GET, "ledger?limit=0", None).await?;
    ledger["total"].as_u64().ok_or_else(|| "the ledger has no total".into())
}

/// The entries after so many.
pub(crate) async fn read(front_end: &FrontEnd, since: u64) -> Result<Vec<Entry>> {
    let ledger = front_end.admin(Method::GET, &format!("ledger?since={since}&limit=100000"), None).await?;
    let entry = |entry: &serde_json::Value| {
        let at_ms = entry["at_ms"].as_i64().ok_or("an entry has no time")?;
        Ok(Entry { at_ms, text: text(&entry["text"])? })
    };
    list(&ledger["entries"])?.iter().map(entry).collect()
}

/// What the ledger says about a burst.
pub(crate) struct Verdict {
    /// From the due time to the arrival of the call; it takes effect half the latency later.
    pub(crate) arrival: Quantiles,
    /// From the due time until the post is public.
    pub(crate) public: Quantiles,
    /// Posts that are public more than once.
    pub(crate) twice: usize,
    /// Calls that arrived before the due time.
    pub(crate) early: usize,
    /// Posts that are not published, or of which nobody knows where.
    pub(crate) unfinished: usize,
}

impl Verdict {
    /// Judges the entries of a burst.
    pub(crate) fn of(entries: &[Entry], due: DateTime<Utc>, latency: Duration, unfinished: usize) -> Self {
        let half = i64::try_from(latency.as_millis() / 2).unwrap_or_default();
        let late = |entry: &Entry| entry.at_ms - due.timestamp_millis();
        let duration = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or_default());
        let different: HashSet<_> = entries.iter().map(|entry| entry.text.as_str()).collect();
        Self {
            arrival: entries.iter().map(|entry| duration(late(entry) - half)).collect(),
            public: entries.iter().map(|entry| duration(late(entry))).collect(),
            twice: entries.len() - different.len(),
            early: entries.iter().filter(|entry| late(entry) < half).count(),
            unfinished,
        }
    }

    /// Whether nothing happened that must not.
    pub(crate) fn is_clean(&self) -> bool {
        self.twice + self.early + self.unfinished == 0
    }
}
