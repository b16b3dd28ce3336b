//! Posts, as they are asked for and shown.

use chrono::NaiveDateTime;
use poem_openapi::{Object, types::MaybeUndefined};
use publishing::{
    content,
    id::{Post as PostTag, Series},
    post::{self, PostPatch as Patch, PostView},
};
use scheduling::{LocalSchedule, Schedule};
use tenancy::{
    id::{ApiKey, Person, Workspace},
    organization::LateLimit,
};

use super::{
    content::{Attachment, Target, attachments, link, targets},
    publications::Publication,
};
use crate::{
    problem::{Pointer, Problem, Violation},
    value::{Id, Instant, Link, LocalTime, PostStatusName, Zone},
};

/// A post to be written, or to be validated.
#[derive(Object)]
pub(super) struct NewPost {
    /// The workspace.
    pub(super) workspace_id: Id<Workspace>,
    /// The text.
    #[oai(default, validator(max_length = 100_000))]
    caption: String,
    /// A link, for channels that take one; the others get the post without it.
    link: Option<Link>,
    /// The pictures, in order.
    #[oai(default, validator(max_items = 20))]
    media: Vec<Attachment>,
    /// The channels.
    #[oai(default, validator(max_items = 50))]
    pub(super) targets: Vec<Target>,
    /// How late it may still go out, in minutes; what is later is missed. Without it, as late as its workspace says.
    #[oai(validator(maximum(value = "10080")))]
    pub(super) publish_late_by_minutes: Option<u16>,
}

/// What changes about a post. What is absent stays.
#[derive(Object)]
pub(super) struct PostPatch {
    /// Another text.
    #[oai(validator(max_length = 100_000))]
    caption: Option<String>,
    /// Another link; `null` removes it.
    #[oai(nullable)]
    link: MaybeUndefined<Link>,
    /// Other pictures.
    #[oai(validator(max_items = 20))]
    media: Option<Vec<Attachment>>,
    /// Other channels.
    #[oai(validator(max_items = 50))]
    targets: Option<Vec<Target>>,
    /// How late it may still go out, in minutes; `null`: as late as its workspace says.
    #[oai(nullable, validator(maximum(value = "10080")))]
    publish_late_by_minutes: MaybeUndefined<u16>,
}

/// When a post is due: the intent, and the instant it means.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ScheduleView {
    /// The instant.
    at: Instant,
    /// The wall-clock time, if it was scheduled by one.
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// When to publish: either an instant, or a wall-clock time with its zone. A local time that the clocks skip moves forward by
/// the gap; one that occurs twice means the first.
#[derive(Object)]
pub(super) struct NewSchedule {
    /// The instant.
    at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(
        pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    ))]
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// A post.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Post {
    /// The identifier.
    id: Id<PostTag>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// What it shows, derived from its publications.
    status: PostStatusName,
    /// The text.
    caption: String,
    /// The link.
    link: Option<Link>,
    /// The pictures, in order.
    media: Vec<Attachment>,
    /// The channels, with what differs there.
    targets: Vec<Target>,
    /// When it is due, once it was scheduled.
    schedule: Option<ScheduleView>,
    /// How late it may still go out, in minutes, where it differs from its workspace.
    publish_late_by_minutes: Option<u16>,
    /// One per channel, once it was scheduled.
    publications: Vec<Publication>,
    /// The series it is an occurrence of, if it is one.
    series_id: Option<Id<Series>>,
    /// By what that occurrence is known: the wall-clock time that the rule of the series gives it.
    original_local_time: Option<LocalTime>,
    /// The person who answers for it.
    author_id: Id<Person>,
    /// The API key it came with, if it did.
    api_key_id: Option<Id<ApiKey>>,
    /// When it was written.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<Schedule> for ScheduleView {
    fn from(schedule: Schedule) -> Self {
        let (local_time, time_zone) = match schedule {
            Schedule::At(_) => (None, None),
            Schedule::Local(wall) => {
                (Some(wall.local.format("%Y-%m-%dT%H:%M:%S").to_string()), Some(Zone(wall.zone)))
            }
        };
        Self { at: schedule.resolve().into(), local_time, time_zone }
    }
}

impl From<PostView> for Post {
    fn from(view: PostView) -> Self {
        let status = PostStatusName(view.status());
        let PostView { post, publications } = view;
        Self {
            id: post.id.into(),
            workspace_id: post.workspace.into(),
            status,
            caption: post.content.caption,
            link: post.content.link.map(Into::into),
            media: post.content.media.into_iter().map(Into::into).collect(),
            targets: post.targets.into_iter().map(Into::into).collect(),
            schedule: post.schedule.map(Into::into),
            publish_late_by_minutes: post.late_limit.map(LateLimit::minutes),
            publications: publications.into_iter().map(Into::into).collect(),
            series_id: post.occurrence.map(|occurrence| occurrence.series.into()),
            original_local_time: post.occurrence.map(|occurrence| occurrence.original.into()),
            author_id: post.author.person.into(),
            api_key_id: post.author.api_key.map(Into::into),
            created_at: post.created_at.into(),
            updated_at: post.updated_at.into(),
        }
    }
}

impl NewSchedule {
    /// A schedule from its parts.
    pub(super) const fn of(at: Option<Instant>, local_time: Option<String>, time_zone: Option<Zone>) -> Self {
        Self { at, local_time, time_zone }
    }

    /// The schedule that is meant, if it is one.
    pub(super) fn read(self) -> Result<Schedule, Problem> {
        let wrong = |member: &str, detail: &str| {
            Problem::invalid(vec![Violation::body(Pointer::to(member), "schedule_invalid", detail)])
        };
        match (self.at, self.local_time, self.time_zone) {
            (Some(at), None, None) => Ok(Schedule::At(at.0)),
            (None, Some(local), Some(zone)) => {
                let full = if local.len() == 16 { format!("{local}:00") } else { local };
                let local: NaiveDateTime =
                    full.parse().map_err(|_| wrong("local_time", "There is no such date or time."))?;
                Ok(Schedule::Local(LocalSchedule { local, zone: zone.0 }))
            }
            _ => Err(wrong("at", "Give either `at`, or `local_time` and `time_zone` together.")),
        }
    }
}

impl NewPost {
    /// Takes the content out.
    pub(super) fn content(&mut self) -> content::Content {
        content::Content {
            caption: std::mem::take(&mut self.caption),
            link: self.link.take().map(Into::into),
            media: attachments(std::mem::take(&mut self.media)),
        }
    }
}

impl TryFrom<PostPatch> for Patch {
    type Error = Problem;

    fn try_from(patch: PostPatch) -> Result<Self, Problem> {
        let (media, targets) = (patch.media.map(attachments), patch.targets.map(targets));
        let late_limit = match patch.publish_late_by_minutes {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(minutes) => Some(Some(late_limit(minutes)?)),
        };
        Ok(Self { caption: patch.caption, link: link(patch.link), media, targets, late_limit })
    }
}

/// How late a post may be.
pub(super) fn late_limit(minutes: u16) -> Result<LateLimit, Problem> {
    LateLimit::from_minutes(minutes.into()).map_err(|wrong| {
        let pointer = Pointer::to("publish_late_by_minutes");
        Problem::invalid(vec![Violation::body(pointer, wrong.code, wrong.detail)])
    })
}

/// What stands against scheduling a post.
#[derive(Object)]
pub(super) struct Validation {
    /// Whether nothing does.
    pub(super) valid: bool,
    /// What does, one entry each.
    pub(super) violations: Vec<Objection>,
}

/// One thing that stands against scheduling.
#[derive(Object)]
pub(super) struct Objection {
    /// Where, as a JSON pointer into the request (RFC 6901).
    pointer: String,
    /// What, as a stable code.
    code: String,
    /// What, in a sentence.
    detail: String,
}

impl From<post::Violation> for Objection {
    fn from(wrong: post::Violation) -> Self {
        Self { pointer: wrong.pointer, code: wrong.code.into(), detail: wrong.detail }
    }
}
