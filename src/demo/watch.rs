//! Watching the publications until each of them is public.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use identity::SystemClock;
use serde::Deserialize;
use tenancy::Clock;

use super::{client::Client, connect::Channel, trouble::Trouble, voice::Voice};

/// How long it may take from scheduling to the last permalink.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The pause between two looks at the API.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
struct Post {
    publications: Vec<Publication>,
}

/// The post on its way to one channel.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Publication {
    /// The channel.
    pub(super) channel_id: String,
    state: String,
    needs_person: bool,
    trouble: Option<Cause>,
    due_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    /// Where people see it.
    pub(super) permalink: Option<String>,
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, Deserialize)]
struct Cause {
    code: String,
    fix: String,
}

impl Publication {
    /// How much later than planned it became public.
    pub(super) fn lateness(&self) -> Option<TimeDelta> {
        Some(self.published_at? - self.due_at)
    }

    fn is_done(&self) -> bool {
        self.state == "published" && self.permalink.is_some()
    }

    /// Whether nothing more happens by itself.
    fn is_lost(&self) -> bool {
        self.needs_person || matches!(self.state.as_str(), "failed" | "missed" | "cancelled")
    }

    fn cause(&self) -> String {
        self.trouble.as_ref().map(|it| format!(" ({}: {})", it.code, it.fix)).unwrap_or_default()
    }
}

/// Says every change of every channel and counts the seconds in between, until all are public or one cannot be.
pub(super) async fn until_published(
    client: &Client,
    post: &str,
    channels: &[Channel],
    voice: Voice,
) -> Result<Vec<Publication>, Trouble> {
    let titles: BTreeMap<_, _> = channels.iter().map(|it| (it.id.clone(), label(it))).collect();
    let mut report = Report { voice, titles, states: BTreeMap::new(), spoke: Instant::now() };
    let began = Instant::now();
    loop {
        let found: Post = client.get(&format!("/v1/posts/{post}")).await?;
        report.tell(&found.publications, SystemClock.now());
        if found.publications.iter().all(Publication::is_done) && !found.publications.is_empty() {
            return Ok(found.publications);
        }
        let lost = found.publications.iter().any(Publication::is_lost);
        if lost || began.elapsed() > TIMEOUT {
            return Err(Trouble::NotPublished(report.outcome(&found.publications)));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A channel in a column of its own.
pub(super) fn label(channel: &Channel) -> String {
    let platform = if channel.platform == "facebook" { "Facebook" } else { "Instagram" };
    format!("{platform:<9}  {:<15}", channel.title())
}

/// What was said so far.
struct Report {
    voice: Voice,
    titles: BTreeMap<String, String>,
    states: BTreeMap<String, String>,
    spoke: Instant,
}

impl Report {
    fn tell(&mut self, publications: &[Publication], now: DateTime<Utc>) {
        for one in publications {
            if self.states.get(&one.channel_id) != Some(&one.state) {
                self.states.insert(one.channel_id.clone(), one.state.clone());
                self.speak(&format!("{}  {}{}", self.title(one), one.state, one.cause()));
            }
        }
        if self.spoke.elapsed() >= Duration::from_secs(1)
            && let Some(due) = publications.iter().map(|one| one.due_at).max()
        {
            let all_public = publications.iter().all(|one| one.published_at.is_some());
            self.speak(&if all_public {
                "asking for the permalinks".to_owned()
            } else {
                countdown(due - now)
            });
        }
    }

    fn speak(&mut self, line: &str) {
        self.voice.say(line);
        self.spoke = Instant::now();
    }

    fn title(&self, one: &Publication) -> &str {
        self.titles.get(&one.channel_id).map_or("?", String::as_str)
    }

    fn outcome(&self, publications: &[Publication]) -> String {
        let said = |one: &Publication| {
            let person = if one.needs_person { ", waits for a person" } else { "" };
            format!("{} is {}{person}{}", self.title(one).trim_end(), one.state, one.cause())
        };
        publications.iter().map(said).collect::<Vec<_>>().join("; ")
    }
}

fn countdown(left: TimeDelta) -> String {
    // Rounded up: the last second is "1 s" until it is over.
    let seconds = (left.num_milliseconds() + 999).div_euclid(1_000);
    if seconds > 0 { format!("due in {seconds} s") } else { "due".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(state: &str, permalink: Option<&str>) -> Publication {
        Publication {
            channel_id: "chan_1".to_owned(),
            state: state.to_owned(),
            needs_person: false,
            trouble: None,
            due_at: "2027-03-01T09:30:00Z".parse().unwrap(),
            published_at: Some("2027-03-01T09:30:00.042Z".parse().unwrap()),
            permalink: permalink.map(str::to_owned),
        }
    }

    #[test]
    fn a_publication_is_done_when_people_can_see_it() {
        assert!(publication("published", Some("http://x")).is_done());
        assert!(!publication("published", None).is_done());
        assert!(!publication("ready", None).is_lost());
        assert!(publication("failed", None).is_lost());
        assert!(Publication { needs_person: true, ..publication("unconfirmed", None) }.is_lost());
    }

    #[test]
    fn lateness_is_counted_from_the_due_time() {
        assert_eq!(publication("published", None).lateness(), Some(TimeDelta::milliseconds(42)));
    }

    #[test]
    fn the_countdown_ends_when_it_is_due() {
        assert_eq!(countdown(TimeDelta::milliseconds(1_001)), "due in 2 s");
        assert_eq!(countdown(TimeDelta::milliseconds(1)), "due in 1 s");
        assert_eq!(countdown(TimeDelta::zero()), "due");
        assert_eq!(countdown(TimeDelta::milliseconds(-2_500)), "due");
    }
}
