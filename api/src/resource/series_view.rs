//! Series, as they are asked for and shown.

use poem_openapi::{Object, types::MaybeUndefined};
use publishing::{
    content::Content,
    id::{Post as PostTag, Series as SeriesTag},
    post::PostPatch,
    series::{self, Next, SeriesState, SeriesView},
};
use scheduling::{LocalSchedule, recurrence::Rule};
use tenancy::{
    id::{ApiKey, Person, Workspace},
    idempotency::Fence,
};

use super::content::{Attachment, Target, attachments, link, targets};
use crate::{
    problem::{Pointer, Problem, Violation},
    value::{Id, Instant, Link, LocalTime, PauseReasonName, RuleText, SeriesStatusName, Zone},
};

/// When a series begins. A time that does not fit the rule moves to the first that does: "every Tuesday" may be said on a
/// Friday.
#[derive(Object)]
pub(super) struct Start {
    /// The wall-clock time of the first occurrence. Its time of day is that of every occurrence.
    local_time: LocalTime,
    /// The zone whose clocks show it. When the clocks change, the wall-clock time stays.
    time_zone: Zone,
}

/// A series to be made.
#[derive(Object)]
pub(super) struct NewSeries {
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// The text of every post.
    #[oai(default, validator(max_length = 100_000))]
    caption: String,
    /// Texts that the posts use in turn, in place of `caption`. Platforms hold the same text again and again for spam.
    #[oai(default, validator(max_items = 50))]
    captions: Vec<String>,
    /// A link, for channels that take one; the others get the post without it.
    link: Option<Link>,
    /// The pictures, in order.
    #[oai(default, validator(max_items = 20))]
    media: Vec<Attachment>,
    /// The channels.
    #[oai(validator(min_items = 1, max_items = 50))]
    targets: Vec<Target>,
    /// When it begins.
    start: Start,
    /// How it recurs, in the words of RFC 5545 (RRULE): `FREQ` (`DAILY`, `WEEKLY`, `MONTHLY`, `YEARLY`), `INTERVAL`, `COUNT`,
    /// `UNTIL`, `WKST`, `BYDAY`, `BYMONTHDAY`, `BYMONTH`.
    rule: RuleText,
}

/// What changes about a series. What is absent stays.
#[derive(Object)]
pub(super) struct SeriesPatch {
    /// Another text.
    #[oai(validator(max_length = 100_000))]
    caption: Option<String>,
    /// Other texts to use in turn; an empty list for `caption` alone.
    #[oai(validator(max_items = 50))]
    captions: Option<Vec<String>>,
    /// Another link; `null` removes it.
    #[oai(nullable)]
    link: MaybeUndefined<Link>,
    /// Other pictures.
    #[oai(validator(max_items = 20))]
    media: Option<Vec<Attachment>>,
    /// Other channels.
    #[oai(validator(min_items = 1, max_items = 50))]
    targets: Option<Vec<Target>>,
    /// Another beginning. To move all occurrences to another time of day, give the present day with that time.
    start: Option<Start>,
    /// Another rule.
    rule: Option<RuleText>,
}

/// "This and following": where a series is split, and what changes from there on.
#[derive(Object)]
pub(super) struct NewSplit {
    /// The first occurrence of the second series, by its original local time.
    pub(super) at: LocalTime,
    /// What changes from there on.
    pub(super) changes: Option<SeriesPatch>,
}

/// An occurrence that is to come: its post waits for its time, or it has none yet.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct NextOccurrence {
    /// By what it is known, wherever it was moved to: the wall-clock time that the rule gives it.
    original_local_time: LocalTime,
    /// The wall-clock time at which it takes place, in the zone of the series.
    local_time: LocalTime,
    /// The instant this means: when its post is due, where it has one.
    due_at: Instant,
    /// Its post, if it has one.
    post_id: Option<Id<PostTag>>,
}

/// A series: posts that recur. Some days before its time each occurrence becomes a post like any other.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Series {
    /// The identifier.
    id: Id<SeriesTag>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// What it does.
    status: SeriesStatusName,
    /// Why it is paused.
    pause_reason: Option<PauseReasonName>,
    /// The text of every post.
    caption: String,
    /// Texts that the posts use in turn, in place of `caption`, if there are any.
    captions: Vec<String>,
    /// The link.
    link: Option<Link>,
    /// The pictures, in order.
    media: Vec<Attachment>,
    /// The channels, with what differs there.
    targets: Vec<Target>,
    /// When it begins: its first occurrence.
    start: Start,
    /// How it recurs, as RFC 5545 (RRULE) writes it.
    rule: RuleText,
    /// What comes next, five at most; posts that were taken back or deleted do not.
    next_occurrences: Vec<NextOccurrence>,
    /// The person on whose word its posts are published: who made the series or changed it last.
    approver_id: Id<Person>,
    /// The API key this word came with, if it did.
    api_key_id: Option<Id<ApiKey>>,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

/// A wrong field of a body.
pub(super) fn wrong(pointer: Pointer, code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::invalid(vec![Violation {
        part: crate::problem::Part::Body,
        pointer,
        code,
        detail: detail.into(),
    }])
}

/// The time that is meant.
pub(super) fn time(text: &LocalTime, pointer: Pointer) -> Result<chrono::NaiveDateTime, Problem> {
    text.time().ok_or_else(|| wrong(pointer, "local_time_invalid", "There is no such date or time."))
}

fn rule(text: &RuleText, pointer: Pointer) -> Result<Rule, Problem> {
    text.rule().map_err(|detail| wrong(pointer, "rule_invalid", detail))
}

impl Start {
    fn read(&self, pointer: &Pointer) -> Result<LocalSchedule, Problem> {
        let local = time(&self.local_time, pointer.member("start").member("local_time"))?;
        Ok(LocalSchedule { local, zone: self.time_zone.0 })
    }
}

impl NewSeries {
    /// The series that is meant, if it is one.
    pub(super) fn read(self, fence: Option<Fence>) -> Result<series::NewSeries, Problem> {
        let (start, rule) = (self.start.read(&Pointer::default())?, rule(&self.rule, Pointer::to("rule"))?);
        let media = attachments(self.media);
        Ok(series::NewSeries {
            workspace: self.workspace_id.0,
            content: Content { caption: self.caption, link: self.link.map(Into::into), media },
            targets: targets(self.targets),
            captions: self.captions,
            start,
            rule,
            fence,
        })
    }
}

impl SeriesPatch {
    /// The changes that are meant, below a place of the request.
    pub(super) fn read(self, below: &Pointer) -> Result<series::SeriesPatch, Problem> {
        let (media, targets) = (self.media.map(attachments), self.targets.map(targets));
        Ok(series::SeriesPatch {
            post: PostPatch {
                caption: self.caption,
                link: link(self.link),
                media,
                targets,
                late_limit: None,
            },
            captions: self.captions,
            start: self.start.map(|start| start.read(below)).transpose()?,
            rule: self.rule.map(|text| rule(&text, below.member("rule"))).transpose()?,
        })
    }
}

impl From<Next> for NextOccurrence {
    fn from(next: Next) -> Self {
        Self {
            original_local_time: next.original.into(),
            local_time: next.local.into(),
            due_at: next.due.into(),
            post_id: next.post.map(Into::into),
        }
    }
}

impl From<SeriesView> for Series {
    fn from(view: SeriesView) -> Self {
        let status = SeriesStatusName(view.status());
        let SeriesView { series, next } = view;
        let pause_reason = match series.state {
            SeriesState::Paused(reason) => Some(PauseReasonName(reason)),
            SeriesState::Active | SeriesState::Cancelled => None,
        };
        let start = series.plan.start();
        Self {
            id: series.id.into(),
            workspace_id: series.workspace.into(),
            status,
            pause_reason,
            caption: series.content.caption,
            captions: series.captions,
            link: series.content.link.map(Into::into),
            media: series.content.media.into_iter().map(Into::into).collect(),
            targets: series.targets.into_iter().map(Into::into).collect(),
            start: Start { local_time: start.local.into(), time_zone: Zone(start.zone) },
            rule: series.plan.rule().into(),
            next_occurrences: next.into_iter().map(Into::into).collect(),
            approver_id: series.instructor.person.into(),
            api_key_id: series.instructor.api_key.map(Into::into),
            created_at: series.created_at.into(),
            updated_at: series.updated_at.into(),
        }
    }
}
