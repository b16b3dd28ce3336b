//! Content as the API reads and writes it: captions, links, pictures, and what differs per channel.

use poem_openapi::{Enum, Object, types::MaybeUndefined};
use publishing::{
    content::{self, Override},
    id::{Channel, Media},
    post::{self, TargetTime},
};
use url::Url;

use super::schedule_view::ScheduleView;
use crate::value::{Id, Link};

/// A picture of a post.
#[derive(Object, Clone)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Attachment {
    /// The media asset.
    media_id: Id<Media>,
    /// For people who cannot see it.
    #[oai(validator(max_length = 1000))]
    alt_text: Option<String>,
}

/// A channel the post goes to, with what differs there. What is absent is as in the post.
#[derive(Object, Clone)]
pub(super) struct Target {
    /// The channel.
    channel_id: Id<Channel>,
    /// Another text.
    #[oai(validator(max_length = 100_000), skip_serializing_if_is_none)]
    caption: Option<String>,
    /// Another link; `null` means none.
    #[oai(nullable)]
    link: MaybeUndefined<Link>,
    /// Other pictures, in order; an empty list means none.
    #[oai(validator(max_items = 20), skip_serializing_if_is_none)]
    media: Option<Vec<Attachment>>,
}

impl From<Attachment> for content::Attachment {
    fn from(attachment: Attachment) -> Self {
        Self { media: attachment.media_id.0, alt_text: attachment.alt_text }
    }
}

impl From<content::Attachment> for Attachment {
    fn from(attachment: content::Attachment) -> Self {
        Self { media_id: attachment.media.into(), alt_text: attachment.alt_text }
    }
}

/// Pictures, in their order.
pub(super) fn attachments(media: Vec<Attachment>) -> Vec<content::Attachment> {
    media.into_iter().map(Into::into).collect()
}

/// Targets, in their order.
pub(super) fn targets(targets: Vec<Target>) -> Vec<post::Target> {
    targets.into_iter().map(Into::into).collect()
}

/// What a field says about a link: nothing, that there is none, or which.
#[expect(clippy::option_option, reason = "a merge patch tells all three apart, and so does what it becomes")]
pub(super) fn link(field: MaybeUndefined<Link>) -> Option<Option<Url>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(link) => Some(Some(link.0)),
    }
}

impl From<Target> for post::Target {
    fn from(target: Target) -> Self {
        let media = target.media.map(attachments);
        let change = Override { caption: target.caption, link: link(target.link), media };
        Self { channel: target.channel_id.0, change, time: TargetTime::Post }
    }
}

/// When the post goes out on one of its channels.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ChannelTime {
    /// The channel.
    channel_id: Id<Channel>,
    /// Which time counts there.
    timing: Timing,
    /// When, if it has a time of its own.
    schedule: Option<ScheduleView>,
}

/// Which time counts for a channel: `post` is that of the post, `own` one of its own, `queue` the slot that its publication has
/// in the channel's queue; `unplanned` means that nothing goes out there until the post is scheduled anew.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename = "ChannelTiming", rename_all = "snake_case")]
enum Timing {
    Post,
    Own,
    Queue,
    Unplanned,
}

impl From<&post::Target> for ChannelTime {
    fn from(target: &post::Target) -> Self {
        let (timing, schedule) = match target.time {
            TargetTime::Post => (Timing::Post, None),
            TargetTime::Own(schedule) => (Timing::Own, Some(schedule.into())),
            TargetTime::Queued(_) => (Timing::Queue, None),
            TargetTime::Unplanned => (Timing::Unplanned, None),
        };
        Self { channel_id: target.channel.into(), timing, schedule }
    }
}

impl From<post::Target> for Target {
    fn from(target: post::Target) -> Self {
        let change = target.change;
        let link = match change.link {
            None => MaybeUndefined::Undefined,
            Some(None) => MaybeUndefined::Null,
            Some(Some(url)) => MaybeUndefined::Value(Link(url)),
        };
        let media = change.media.map(|media| media.into_iter().map(Into::into).collect());
        Self { channel_id: target.channel.into(), caption: change.caption, link, media }
    }
}
