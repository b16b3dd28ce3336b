//! A stage for stories about series.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, NaiveDateTime, Utc};
use postgres::{calendar::PgCalendarStore, series::PgSeriesStore};
use publishing::{
    calendar::Calendar,
    content::Content,
    id::{ChannelId, ConnectionId, PostId, SeriesId},
    post::{PostError, PostView, Posts, Target, TargetTime, store::PostFilter, store::PostStore},
    series::{NewSeries, Recurrence, SeriesView},
    timing::Timing,
};
use scheduling::LocalSchedule;
use tenancy::Clock;
use uuid::Uuid;
use zone::Tz;

use crate::publications::stage::Stage;

/// A clock that stands still.
pub(super) struct Stopped(Mutex<DateTime<Utc>>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// An organization with a member, a channel and series.
pub(super) struct Plans {
    pub(super) stage: Stage,
    pub(super) channel: ChannelId,
    pub(super) recurrence: Recurrence,
    clock: Arc<Stopped>,
}

pub(super) fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl Plans {
    /// At an instant; occurrences become posts so many days ahead.
    pub(super) async fn at(now: &str, days: u64) -> Self {
        let stage = Stage::set().await;
        let channel = stage.channel().await;
        let (person, organization) =
            (stage.caller.actor.answerable().uuid(), stage.caller.organization.uuid());
        let hash = format!("$2b$12${}", "a".repeat(53));
        stage
            .run(&format!(
                "INSERT INTO persons (id, mail_lookup, mail_sealed, password_hash, pepper_version)
                    VALUES ('{person}', sha256('{person}'), 's', '{hash}', 1);
                 INSERT INTO memberships (organization_id, person_id, role) VALUES ('{organization}', '{person}', 'owner');"
            ))
            .await;
        let clock = Arc::new(Stopped(Mutex::new(utc(now))));
        let posts =
            Posts { store: Arc::new(stage.posts.clone()), clock: clock.clone(), timing: Timing::default() };
        let recurrence = Recurrence {
            posts: Arc::new(posts),
            store: Arc::new(PgSeriesStore::new(stage.pool.clone(), Timing::default())),
            horizon: Duration::from_hours(24 * days),
        };
        Self { stage, channel, recurrence, clock }
    }

    pub(super) fn now_is(&self, now: &str) {
        *self.clock.0.lock().unwrap() = utc(now);
    }

    /// What a series is made of; two captions, so that it may come daily.
    pub(super) fn of(&self, start: &str, zone: Tz, rule: &str) -> NewSeries {
        NewSeries {
            workspace: self.stage.workspace,
            content: Content { caption: "Fresh coffee".into(), ..Content::default() },
            targets: vec![Target {
                channel: self.channel,
                change: publishing::content::Override::default(),
                time: TargetTime::Post,
            }],
            captions: vec!["Coffee".into(), "Tea".into()],
            start: LocalSchedule { local: local(start), zone },
            rule: rule.parse().unwrap(),
            fence: None,
        }
    }

    pub(super) async fn make(&self, start: &str, zone: Tz, rule: &str) -> SeriesView {
        self.recurrence.create(&self.stage.caller, self.of(start, zone, rule)).await.unwrap()
    }

    pub(super) async fn series(&self, id: SeriesId) -> SeriesView {
        self.recurrence.get(&self.stage.caller, id).await.unwrap()
    }

    /// The posts of a series in the order of their times.
    pub(super) async fn posts(&self, id: SeriesId) -> Vec<PostView> {
        let filter = PostFilter { limit: 500, ..PostFilter::default() };
        let all = self.stage.posts.list(&self.stage.caller, &filter).await.unwrap();
        let is_own = |view: &PostView| view.post.occurrence.is_some_and(|one| one.series == id);
        let mut own: Vec<_> = all.into_iter().filter(is_own).collect();
        own.sort_by_key(|view| view.post.schedule.unwrap().resolve());
        own
    }

    /// When they are due, with what they say.
    pub(super) async fn told(&self, id: SeriesId) -> Vec<String> {
        let line = |view: &PostView| {
            let due = view.publications[0].due_at.format("%m-%dT%H:%MZ");
            format!("{due} {} {}", view.post.content.caption, view.publications[0].state)
        };
        self.posts(id).await.iter().map(line).collect()
    }

    pub(super) async fn cancel_post(&self, post: PostId) -> Result<PostView, PostError> {
        self.stage.posts.cancel(&self.stage.caller, post).await
    }

    /// The calendar by the same clock.
    pub(super) fn calendar(&self) -> Calendar {
        Calendar { store: Arc::new(PgCalendarStore(self.stage.pool.clone())), clock: self.clock.clone() }
    }

    /// Connects the channel again.
    pub(super) async fn reconnect(&self) {
        let (c, connection, key) = (self.channel.uuid(), ConnectionId::new().uuid(), Uuid::new_v4());
        let (o, w) = (self.stage.caller.organization.uuid(), self.stage.workspace.uuid());
        self.stage
            .run(&format!(
                "INSERT INTO connections (id, organization_id, workspace_id, provider) VALUES ('{connection}', '{o}', '{w}', 'meta');
                 UPDATE channels SET state = 'connected', connection_id = '{connection}' WHERE id = '{c}';
                 INSERT INTO connection_keys (id, organization_id, connection_id, wrapped) VALUES ('{key}', '{o}', '{connection}', 'k');
                 INSERT INTO channel_tokens (channel_id, connection_id, key_id, sealed) VALUES ('{c}', '{connection}', '{key}', 's');"
            ))
            .await;
    }

    /// Another sweep, as if the last one had been long ago.
    pub(super) async fn sweep(&self) -> u64 {
        self.stage.run("UPDATE series SET claimed_until = NULL").await;
        self.recurrence.sweep(100, nothing_passed_over).await.unwrap()
    }
}

/// For sweeps that are to leave no series to the next one.
pub(super) fn nothing_passed_over(series: SeriesId, error: &PostError) {
    panic!("{series} was passed over: {error}");
}
