//! Quotas per caller, counted in this process: the generic cell rate algorithm (a bucket that drains evenly, one number per
//! caller). Header fields as in draft-ietf-httpapi-ratelimit-headers.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use poem::http::{HeaderMap, HeaderName, HeaderValue};
use tenancy::Actor;

use crate::{
    problem::{Code, Problem},
    request::Context,
};

/// Above this many callers those whose bucket is empty again are forgotten.
const MANY: usize = 100_000;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// This many requests …
    pub requests: u32,
    /// … in this time, evenly refilled; all of them may come at once.
    pub window: Duration,
}

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Of which quota.
    pub quota: Quota,
    /// Its name in the headers.
    pub policy: &'static str,
    /// Requests that may come right now.
    pub remaining: u32,
    /// Until the quota is full again.
    pub reset: Duration,
}

impl Allowance {
    /// Writes `RateLimit` and `RateLimit-Policy`.
    pub fn write(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.policy, self.quota);
        let policy = format!(r#""{name}";q={};w={}"#, quota.requests, quota.window.as_secs());
        let left = format!(r#""{name}";r={};t={}"#, self.remaining, whole_seconds(self.reset));
        for (header, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            headers.extend(
                HeaderValue::from_str(&value).ok().map(|value| (HeaderName::from_static(header), value)),
            );
        }
    }
}

/// The quotas of a deployment.
#[derive(Debug)]
pub struct Quotas {
    callers: Buckets,
    addresses: Buckets,
    began: Instant,
}

impl Quotas {
    /// One quota for every caller and one for every address whose caller is not known.
    pub fn new(callers: Quota, addresses: Quota) -> Self {
        Self {
            callers: Buckets::new("caller", callers),
            addresses: Buckets::new("address", addresses),
            began: Instant::now(),
        }
    }

    /// Counts a request against the quota of its caller, or refuses it.
    pub fn count(&self, context: &Context) -> Result<Allowance, Problem> {
        if let Some(counted) = context.rate() {
            return Ok(*counted);
        }
        let now = self.began.elapsed();
        let counted = match context.caller().map(|caller| caller.actor) {
            Some(Actor::Member { person, .. }) => self.callers.take(&person.uuid(), now),
            Some(Actor::ApiKey { key, .. }) => self.callers.take(&key.uuid(), now),
            None => self.addresses.take(&context.client.subscriber(), now),
        };
        counted.map_err(|(allowance, wait)| {
            context.count(allowance);
            Problem::of(Code::RateLimited).retry_after(wait)
        })
    }
}

#[derive(Debug)]
struct Buckets {
    policy: &'static str,
    quota: Quota,
    /// By hash of the caller: when its bucket will be empty, since the process began.
    empty_at: Mutex<HashMap<u64, Duration>>,
}

impl Buckets {
    fn new(policy: &'static str, quota: Quota) -> Self {
        Self { policy, quota, empty_at: Mutex::default() }
    }

    /// Counts one request; when there is no room, says how long until there is.
    fn take(&self, caller: &impl Hash, now: Duration) -> Result<Allowance, (Allowance, Duration)> {
        let mut hasher = std::hash::DefaultHasher::new();
        caller.hash(&mut hasher);
        let mut buckets = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MANY {
            buckets.retain(|_, empty_at| *empty_at > now);
        }
        let one = self.quota.window / self.quota.requests.max(1);
        let empty_at = buckets.get(&hasher.finish()).copied().unwrap_or(now).max(now);
        let waiting = empty_at.saturating_sub(now);
        let filled = waiting + one;
        if let Some(excess) = filled.checked_sub(self.quota.window).filter(|excess| !excess.is_zero()) {
            return Err((self.allowance(waiting), excess));
        }
        buckets.insert(hasher.finish(), empty_at + one);
        Ok(self.allowance(filled))
    }

    fn allowance(&self, filled: Duration) -> Allowance {
        let one = self.quota.window / self.quota.requests.max(1);
        let room = self.quota.window.saturating_sub(filled);
        let remaining = room.as_nanos().checked_div(one.as_nanos()).unwrap_or_default();
        let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
        Allowance { quota: self.quota, policy: self.policy, remaining, reset: filled }
    }
}

/// Rounded up: coming back earlier would be in vain.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { requests: 3, window: Duration::from_secs(30) };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_passes_and_the_next_request_waits_for_its_share_of_the_window() {
        let buckets = Buckets::new("caller", QUOTA);
        let left: Vec<u32> = (0..3).map(|_| buckets.take(&1, at(0)).unwrap().remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        assert_eq!(buckets.take(&1, at(0)).unwrap_err().1, at(10));
        assert_eq!(buckets.take(&1, at(4)).unwrap_err().1, at(6));
        assert_eq!(buckets.take(&1, at(10)).unwrap().remaining, 0);
    }

    #[test]
    fn callers_do_not_use_up_each_others_quota() {
        let buckets = Buckets::new("caller", QUOTA);
        while buckets.take(&1, at(0)).is_ok() {}
        assert_eq!(buckets.take(&2, at(0)).unwrap().remaining, 2);
    }

    #[test]
    fn the_headers_name_the_policy_and_what_is_left() {
        let mut headers = HeaderMap::new();
        Buckets::new("caller", QUOTA).take(&1, at(0)).unwrap().write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], r#""caller";q=3;w=30"#);
        assert_eq!(headers["ratelimit"], r#""caller";r=2;t=10"#);
    }
}
