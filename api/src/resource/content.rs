//! Content as the API reads and writes it: captions, links, pictures, and what differs per channel.

use poem_openapi::{Object, types::MaybeUndefined};
use publishing::{
    content::{self, Override},
    id::{Channel, Media},
    post,
};
use url::Url;

use crate::{
    problem::{Pointer, Problem, Violation},
    value::Id,
};

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
#[oai(skip_serializing_if_is_none, skip_serializing_if_is_empty)]
pub(super) struct Target {
    /// The channel.
    channel_id: Id<Channel>,
    /// Another text.
    #[oai(validator(max_length = 100_000))]
    caption: Option<String>,
    /// Another link; `null` means none.
    #[oai(validator(max_length = 2048))]
    link: MaybeUndefined<String>,
    /// Other pictures, in order.
    #[oai(validator(max_items = 20))]
    media: Option<Vec<Attachment>>,
}

/// Reads a link. A relative address, or something else altogether, is a violation at `pointer`.
pub(super) fn link(text: &str, pointer: Pointer) -> Result<Url, Problem> {
    let invalid = |_| {
        let detail = "A link begins with https:// or http:// and names a host.";
        Problem::invalid(vec![Violation::body(pointer, "link_invalid", detail)])
    };
    Url::parse(text).map_err(invalid)
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
pub(super) fn targets(targets: Vec<Target>) -> Result<Vec<post::Target>, Problem> {
    targets.into_iter().enumerate().map(|(place, target)| target.read(place)).collect()
}

impl Target {
    fn read(self, place: usize) -> Result<post::Target, Problem> {
        let link = match self.link {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(text) => {
                Some(Some(link(&text, Pointer::to("targets").element(place).member("link"))?))
            }
        };
        let change = Override { caption: self.caption, link, media: self.media.map(attachments) };
        Ok(post::Target { channel: self.channel_id.0, change })
    }
}

impl From<post::Target> for Target {
    fn from(target: post::Target) -> Self {
        let change = target.change;
        let link = match change.link {
            None => MaybeUndefined::Undefined,
            Some(None) => MaybeUndefined::Null,
            Some(Some(url)) => MaybeUndefined::Value(url.into()),
        };
        let media = change.media.map(|media| media.into_iter().map(Into::into).collect());
        Self { channel_id: target.channel.into(), caption: change.caption, link, media }
    }
}
