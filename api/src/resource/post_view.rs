//! Posts, as they are asked for and shown.

use poem_openapi::{Object, types::MaybeUndefined};
use publishing::{
    content,
    id::{Post as PostTag, Series},
    post::{self, PostPatch as Patch, PostView},
    publication::State,
};
use tenancy::{
    id::{ApiKey, Person, Workspace},
    organization::LateLimit,
};

use super::{
    content::{Attachment, ChannelTime, Target, attachments, link, targets},
    publications::Publication,
    schedule_view::ScheduleView,
};
use crate::{
    problem::{Pointer, Problem, Violation},
    value::{Id, Instant, Link, LocalTime, PostStatusName},
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
