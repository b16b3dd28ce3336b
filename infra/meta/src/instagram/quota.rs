//! Instagram's quota: how many posts an account may still publish today, and when the next place becomes free.
//!
//! Instagram counts what was published through the API within the last 24 hours and enforces the count when a container
//! is published (Instagram platform, content publishing, and the reference of `content_publishing_limit`). How many
//! places there are, only the answer says: Meta's documents name 100 and 50.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use publishing::{
    publisher::Work,
    refusal::{Reason, Refusal, Remedy},
};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    Meta,
    call::Call,
    decode::{self, List},
};

/// How long an answer is believed.
const FRESH: Duration = Duration::from_mins(1);
/// The pause where Instagram does not say when a place becomes free: places become free one by one.
const UNKNOWN: Duration = Duration::from_hours(1);
/// How late the end of a pause may be found. Halving a day down to this takes ten calls, once for each pause.
const NEAR: TimeDelta = TimeDelta::minutes(2);
/// The window where the answer names none.
const DAY: TimeDelta = TimeDelta::days(1);
/// Patience with all these calls together while preparing.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same after a refusal to publish, which waits to be recorded meanwhile.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);
/// What is out of date is dropped when more accounts than this are known.
const CROWDED: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Known {
    full: bool,
    until: Instant,
}

/// What is known of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Nothing, or nothing fresh; whoever hears this asks.
    Unknown,
    /// There was room a moment ago, or somebody is asking.
    Some,
    /// There will be room in so much time.
    NoneFor(Duration),
}

/// What is known of each account, shared by every publication of the process.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<HashMap<String, Known>>);

impl Quotas {
    /// How long the account's quota is known to be used up.
    fn full_for(&self, account: &str, now: Instant) -> Option<Duration> {
        let known = self.lock().get(account).copied().filter(|known| known.full)?;
        known.until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// What is known. The first to hear that nothing is known is the only one for a while: the others go on meanwhile.
    fn room(&self, account: &str, now: Instant) -> Room {
        let mut accounts = self.lock();
        match accounts.get(account).filter(|known| now < known.until) {
            Some(Known { full: true, until }) => Room::NoneFor(*until - now),
            Some(Known { full: false, .. }) => Room::Some,
            None => {
                if accounts.len() >= CROWDED {
                    accounts.retain(|_, known| now < known.until);
                }
                accounts.insert(account.to_owned(), Known { full: false, until: now + FRESH });
                Room::Unknown
            }
        }
    }

    /// Nobody of this account publishes for so long.
    fn close(&self, account: &str, length: Duration, now: Instant) {
        self.lock().insert(account.to_owned(), Known { full: true, until: now + length });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses while the quota is known to be used up, without asking.
pub(crate) fn remembered(meta: &Meta, work: &Work) -> Result<(), Refusal> {
    meta.quotas.full_for(&work.remote_channel, Instant::now()).map_or(Ok(()), |left| Err(used_up(left)))
}

/// Refuses where the quota is used up, with the time until there is room. Asks at most once a minute for each account.
/// What cannot be found out refuses nothing: Instagram has the last word when the container is published.
pub(crate) async fn check(meta: &Meta, work: &Work) -> Result<(), Refusal> {
    match meta.quotas.room(&work.remote_channel, Instant::now()) {
        Room::Some => Ok(()),
        Room::NoneFor(left) => Err(used_up(left)),
        Room::Unknown => match Inquiry::of(meta, work, PATIENCE).time_until_room().await {
            None => Ok(()),
            Some(length) => {
                meta.quotas.close(&work.remote_channel, length, Instant::now());
                Err(used_up(length))
            }
        },
    }
}

/// How long to wait after Instagram refused to publish because the quota is used up.
pub(crate) async fn pause(meta: &Meta, work: &Work) -> Duration {
    let found = Inquiry::of(meta, work, SHORT_PATIENCE).time_until_room().await;
    let length = found.unwrap_or(UNKNOWN);
    meta.quotas.close(&work.remote_channel, length, Instant::now());
    length
}

const fn used_up(left: Duration) -> Refusal {
    Refusal::of(Reason::RateLimited, Remedy::Wait(left))
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "decode::number")]
    quota_usage: Option<i64>,
    #[serde(default)]
    config: Config,
}

#[derive(Debug, Default, Deserialize)]
struct Config {
    #[serde(default, deserialize_with = "decode::number")]
    quota_total: Option<i64>,
    #[serde(default, deserialize_with = "decode::number")]
    quota_duration: Option<i64>,
}

impl Config {
    fn window(&self) -> TimeDelta {
        let seconds = self.quota_duration.filter(|seconds| (1..=DAY.num_seconds()).contains(seconds));
        seconds.map_or(DAY, TimeDelta::seconds)
    }
}

/// Questions about one account, until patience ends.
struct Inquiry<'a> {
    meta: &'a Meta,
    work: &'a Work,
    until: Instant,
}

impl<'a> Inquiry<'a> {
    fn of(meta: &'a Meta, work: &'a Work, patience: Duration) -> Self {
        Self { meta, work, until: Instant::now() + patience }
    }

    /// The quota as it stands, or how much of it was used since a time. `None` where Instagram does not say.
    async fn ask(&self, since: Option<DateTime<Utc>>) -> Option<Answer> {
        let account = self.work.remote_channel.as_str();
        let path = [account, "content_publishing_limit"];
        let since = since.map(|since| since.timestamp().to_string());
        let mut query = vec![("fields", "quota_usage,config")];
        query.extend(since.as_deref().map(|since| ("since", since)));
        let call = Call::get("content_publishing_limit", &path).query(&query);
        let call = self.meta.graph.send::<List<Answer>>(call.on(account).token(&self.work.token));
        tokio::time::timeout_at(self.until, call).await.ok()?.ok()?.data.into_iter().next()
    }

    /// `None` where there is room now, or where nobody can tell.
    async fn time_until_room(&self) -> Option<Duration> {
        let quota = self.ask(None).await?;
        let total = quota.config.quota_total.filter(|total| *total > 0)?;
        if quota.quota_usage? < total {
            return None;
        }
        Some(self.first_room(total, quota.config.window()).await)
    }

    /// The shortest wait after which fewer posts than the quota lie within the window, found by halving: asked with
    /// `since`, Instagram counts only what was published after it.
    async fn first_room(&self, total: i64, window: TimeDelta) -> Duration {
        let now = self.meta.clock.now();
        let (mut full, mut room) = (TimeDelta::zero(), window);
        while room - full > NEAR {
            let middle = full + (room - full) / 2;
            match self.ask(Some(now - window + middle)).await.and_then(|answer| answer.quota_usage) {
                Some(used) if used < total => room = middle,
                Some(_) => full = middle,
                None => break,
            }
        }
        // Where no question found room, `since` was not heeded, or nothing was answered.
        if room == window { UNKNOWN } else { room.to_std().unwrap_or(UNKNOWN) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_asks_and_the_others_go_on() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        assert_eq!(quotas.room("1", now), Room::Unknown);
        assert_eq!(quotas.room("1", now), Room::Some);
        assert_eq!(quotas.room("2", now), Room::Unknown);
        assert_eq!(quotas.room("1", now + FRESH), Room::Unknown);
    }

    #[test]
    fn an_account_without_room_is_asked_about_again_when_there_should_be_some() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        quotas.close("1", 10 * FRESH, now);
        assert_eq!(quotas.room("1", now + 4 * FRESH), Room::NoneFor(6 * FRESH));
        assert_eq!(quotas.full_for("1", now + 4 * FRESH), Some(6 * FRESH));
        assert_eq!(quotas.full_for("2", now), None);
        assert_eq!(quotas.full_for("1", now + 10 * FRESH), None);
        assert_eq!(quotas.room("1", now + 10 * FRESH), Room::Unknown);
    }

    #[test]
    fn what_is_out_of_date_does_not_pile_up() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        for n in 0..2 * CROWDED {
            quotas.room(&n.to_string(), now + u32::try_from(n).unwrap() * FRESH);
        }
        assert!(quotas.lock().len() <= CROWDED);
    }
}
