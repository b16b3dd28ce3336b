//! Posts, as they are asked for and shown.

use chrono::NaiveDateTime;
use poem_openapi::{Object, types::MaybeUndefined};
use publishing::{
    content,
    id::{Channel, Post as PostTag},
    post::{self, OwnTime, PostPatch as Patch, PostView},
    publication::State,
};
use scheduling::{LocalSchedule, Schedule};
use tenancy::id::{ApiKey, Person, Workspace};

use super::{
    content::{Attachment, ChannelTime, Target, attachments, link, targets},
    publications::Publication,
};
use crate::{
    problem::{Pointer, Problem, Violation},
    value::{Id, Instant, Link, PostStatusName, Zone},
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
}

/// When a post is due: the intent, and the instant it means.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ScheduleView {
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
    /// Channels that have times of their own. With one for each channel the post needs none.
    #[oai(default, validator(max_items = 50))]
    targets: Vec<TargetSchedule>,
}

/// When to publish on one channel: an instant, or a wall-clock time with its zone.
#[derive(Object)]
struct TargetSchedule {
    /// The channel, one of the post's.
    channel_id: Id<Channel>,
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
    /// Which time counts on each of them.
    channel_times: Vec<ChannelTime>,
    /// When it is due where it has no other time, once it was scheduled.
    schedule: Option<ScheduleView>,
    /// When it is due on the first of its channels.
    due_at: Option<Instant>,
    /// One per channel, once it was scheduled.
    publications: Vec<Publication>,
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
        let planned = publications.iter().filter(|one| one.state != State::Cancelled);
        let first = planned.map(|one| one.due_at).min();
        Self {
            id: post.id.into(),
            workspace_id: post.workspace.into(),
            status,
            caption: post.content.caption,
            link: post.content.link.map(Into::into),
            media: post.content.media.into_iter().map(Into::into).collect(),
            channel_times: post.targets.iter().map(Into::into).collect(),
            targets: post.targets.into_iter().map(Into::into).collect(),
            schedule: post.schedule.map(Into::into),
            due_at: first.map(Into::into),
            publications: publications.into_iter().map(Into::into).collect(),
            author_id: post.author.person.into(),
            api_key_id: post.author.api_key.map(Into::into),
            created_at: post.created_at.into(),
            updated_at: post.updated_at.into(),
        }
    }
}

impl NewSchedule {
    /// The times that are meant, if they are: the post's and those of channels.
    pub(super) fn read(self) -> Result<(Option<Schedule>, Vec<OwnTime>), Problem> {
        let own = |(n, one): (usize, TargetSchedule)| {
            let schedule = time(one.at, one.local_time, one.time_zone, &Pointer::to("targets").element(n))?;
            Ok(OwnTime { channel: one.channel_id.0, schedule })
        };
        let nothing = self.at.is_none() && self.local_time.is_none() && self.time_zone.is_none();
        let post = if nothing && !self.targets.is_empty() {
            None
        } else {
            Some(time(self.at, self.local_time, self.time_zone, &Pointer::default())?)
        };
        Ok((post, self.targets.into_iter().enumerate().map(own).collect::<Result<_, Problem>>()?))
    }
}

/// The schedule that three members mean together, if they do.
fn time(
    at: Option<Instant>,
    local_time: Option<String>,
    time_zone: Option<Zone>,
    place: &Pointer,
) -> Result<Schedule, Problem> {
    let wrong = |member: &str, detail: &str| {
        Problem::invalid(vec![Violation::body(place.member(member), "schedule_invalid", detail)])
    };
    match (at, local_time, time_zone) {
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

impl From<PostPatch> for Patch {
    fn from(patch: PostPatch) -> Self {
        let (media, targets) = (patch.media.map(attachments), patch.targets.map(targets));
        Self { caption: patch.caption, link: link(patch.link), media, targets }
    }
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
