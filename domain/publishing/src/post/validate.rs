//! Validation: every problem at once, each with its place in the request.

use std::collections::BTreeSet;

use super::{
    Target, TargetTime, Violation,
    store::{ChannelFacts, Facts, MediaFacts},
};
use crate::{
    content::{ApprovedContent, ApprovedPicture, Attachment, Content},
    platform::{Capabilities, Format},
};

/// The longest caption any request may carry; the platforms' own limits are lower.
pub const MAX_CAPTION: usize = 100_000;
/// The most channels one post goes to.
pub const MAX_TARGETS: usize = 50;

/// Checks a content and its targets against what the channels accept. An empty list means it can be scheduled.
pub fn validate(content: &Content, targets: &[Target], facts: &Facts) -> Vec<Violation> {
    let mut violations = Vec::new();
    if targets.is_empty() {
        violations.push(Violation::new("/targets", "targets_missing", "Name at least one channel."));
    }
    violations.extend(shape(content, targets));
    violations.extend(unknown(&content.media, "/media", facts));
    for (place, target) in targets.iter().enumerate() {
        let check = Check { content, target, place, facts, violations: &mut violations };
        check.run();
    }
    let mut seen = BTreeSet::new();
    violations.retain(|v| seen.insert((v.pointer.clone(), v.code, v.detail.clone())));
    violations
}

/// Pictures that are not there, also where no channel shows them yet.
fn unknown<'a>(
    pictures: &'a [Attachment],
    field: &'a str,
    facts: &'a Facts,
) -> impl Iterator<Item = Violation> + 'a {
    let is_there = |a: &Attachment| facts.media.iter().any(|m| m.id == a.media);
    let missing = pictures.iter().enumerate().filter(move |(_, a)| !is_there(a));
    missing.map(move |(n, _)| {
        Violation::new(format!("{field}/{n}"), "media_unknown", "The workspace has no such media.")
    })
}

/// Checks what a draft must satisfy too: sizes, and each channel at most once.
pub fn shape(content: &Content, targets: &[Target]) -> Vec<Violation> {
    let mut violations = Vec::new();
    if targets.len() > MAX_TARGETS {
        let detail = format!("A post goes to at most {MAX_TARGETS} channels.");
        violations.push(Violation::new("/targets", "targets_too_many", detail));
    }
    let mut seen = BTreeSet::new();
    for (place, target) in targets.iter().enumerate() {
        if !seen.insert(target.channel) {
            let pointer = format!("/targets/{place}/channel_id");
            violations.push(Violation::new(pointer, "channel_repeated", "The channel is named twice."));
        }
    }
    let captions = targets.iter().filter_map(|t| t.change.caption.as_ref()).chain([&content.caption]);
    if captions.into_iter().any(|c| c.chars().count() > MAX_CAPTION) {
        let detail = format!("A caption has at most {MAX_CAPTION} characters.");
        violations.push(Violation::new("/caption", "caption_too_long", detail));
    }
    violations
}

/// The content of one channel with the digests of its pictures; `None` if a picture is not there.
pub fn approve(
    content: &Content,
    target: &Target,
    channel: &ChannelFacts,
    facts: &Facts,
) -> Option<ApprovedContent> {
    let effective = content.with(&target.change);
    let picture = |a: &Attachment| {
        let media = facts.media.iter().find(|m| m.id == a.media)?;
        Some(ApprovedPicture { media: a.media, digest: media.digest.clone(), alt_text: a.alt_text.clone() })
    };
    let pictures = effective.media.iter().map(picture).collect::<Option<Vec<_>>>()?;
    // A link beside pictures has no place on a Page's photo post; a platform without links gets none.
    let takes_link = channel.platform.capabilities().links && pictures.is_empty();
    Some(ApprovedContent {
        caption: effective.caption,
        link: effective.link.filter(|_| takes_link),
        pictures,
    })
}

struct Check<'a> {
    content: &'a Content,
    target: &'a Target,
    place: usize,
    facts: &'a Facts,
    violations: &'a mut Vec<Violation>,
}

impl Check<'_> {
    fn run(mut self) {
        let Some(channel) = self.facts.channels.iter().find(|c| c.id == self.target.channel) else {
            let pointer = format!("/targets/{}/channel_id", self.place);
            return self.add(pointer, "channel_unknown", "The workspace has no such channel.");
        };
        // Nothing goes out there.
        if self.target.time == TargetTime::Unplanned {
            return;
        }
        let rules = channel.platform.capabilities();
        let effective = self.content.with(&self.target.change);
        self.channel(channel);
        self.caption(&effective, rules);
        self.link(&effective, rules);
        self.pictures(&effective, rules);
    }

    fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.violations.push(Violation::new(pointer, code, detail));
    }

    /// Where a field was given: at the target if it overrides, else at the post.
    fn pointer(&self, field: &str, overridden: bool) -> String {
        if overridden { format!("/targets/{}/{field}", self.place) } else { format!("/{field}") }
    }

    fn channel(&mut self, channel: &ChannelFacts) {
        let pointer = format!("/targets/{}/channel_id", self.place);
        if !channel.usable {
            self.add(pointer, "channel_not_connected", "The channel is not connected; reconnect it first.");
        } else if !channel.missing_scopes.is_empty() {
            let detail = format!(
                "The channel lacks {}; reconnect it and grant them.",
                channel.missing_scopes.join(", ")
            );
            self.add(pointer, "channel_scope_missing", detail);
        }
    }

    fn caption(&mut self, content: &Content, rules: &Capabilities) {
        let pointer = self.pointer("caption", self.target.change.caption.is_some());
        let name = rules.platform;
        let length = content.caption.chars().count();
        if length > rules.max_caption {
            let detail = format!("{name} takes at most {} characters; this has {length}.", rules.max_caption);
            self.add(pointer.clone(), "caption_too_long", detail);
        }
        let limits = [
            ('#', rules.max_hashtags, "hashtags_too_many", "hashtags"),
            ('@', rules.max_mentions, "mentions_too_many", "mentions"),
        ];
        for (mark, limit, code, what) in limits {
            let count = marks(&content.caption, mark);
            if let Some(limit) = limit.filter(|limit| count > *limit) {
                self.add(
                    pointer.clone(),
                    code,
                    format!("{name} takes at most {limit} {what}; this has {count}."),
                );
            }
        }
        let says_nothing = content.caption.trim().is_empty() && content.link.is_none();
        if content.media.is_empty() && says_nothing && rules.formats.contains(&Format::Text) {
            self.add(pointer, "content_missing", format!("{name} needs a caption, a link or a picture."));
        }
    }

    fn link(&mut self, content: &Content, rules: &Capabilities) {
        let Some(link) = &content.link else { return };
        let pointer = self.pointer("link", self.target.change.link.is_some());
        if !matches!(link.scheme(), "http" | "https") || link.host_str().is_none() {
            self.add(
                pointer.clone(),
                "link_invalid",
                "A link begins with https:// or http:// and names a host.",
            );
        }
        if rules.links && !content.media.is_empty() {
            let detail = format!(
                "{} takes a link or pictures, not both; put the link into the caption.",
                rules.platform
            );
            self.add(pointer, "link_with_media", detail);
        }
    }

    fn pictures(&mut self, content: &Content, rules: &Capabilities) {
        let field = self.pointer("media", self.target.change.media.is_some());
        let (count, name) = (content.media.len(), rules.platform);
        if count > rules.max_pictures {
            self.add(
                &field,
                "media_too_many",
                format!("{name} takes at most {} pictures.", rules.max_pictures),
            );
        } else if !rules.formats.contains(&Format::of(count)) {
            self.add(&field, "media_missing", format!("{name} needs at least one picture."));
        }
        self.violations.extend(unknown(&content.media, &field, self.facts));
        for (n, attachment) in content.media.iter().enumerate() {
            if let Some(media) = self.facts.media.iter().find(|m| m.id == attachment.media) {
                self.picture(&format!("{field}/{n}"), media, attachment, rules);
            }
        }
    }

    fn picture(&mut self, pointer: &str, media: &MediaFacts, attachment: &Attachment, rules: &Capabilities) {
        let (name, accepts) = (rules.platform, &rules.pictures);
        if !accepts.content_types.contains(&media.content_type.as_str()) {
            let detail =
                format!("{name} takes {}; this is {}.", accepts.content_types.join(", "), media.content_type);
            self.add(pointer, "media_type", detail);
        }
        if media.bytes > accepts.max_bytes {
            self.add(
                pointer,
                "media_too_large",
                format!("{name} takes at most {} bytes.", accepts.max_bytes),
            );
        }
        if media.width < accepts.min_width {
            self.add(
                pointer,
                "media_too_small",
                format!("{name} takes widths from {} pixels.", accepts.min_width),
            );
        }
        if let Some(ratio) = accepts.aspect_ratio {
            let thousandths = u64::from(media.width) * 1_000 / u64::from(media.height.max(1));
            if !(u64::from(ratio.min_thousandths)..=u64::from(ratio.max_thousandths)).contains(&thousandths) {
                let detail = format!(
                    "{name} takes shapes from {:.2} to {:.2} (width by height); this is {:.2}.",
                    f64::from(ratio.min_thousandths) / 1e3,
                    f64::from(ratio.max_thousandths) / 1e3,
                    f64::from(media.width) / f64::from(media.height.max(1)),
                );
                self.add(pointer, "media_shape", detail);
            }
        }
        if attachment.alt_text.as_ref().is_some_and(|t| t.chars().count() > accepts.max_alt_text) {
            let detail = format!("{name} takes at most {} characters.", accepts.max_alt_text);
            self.add(format!("{pointer}/alt_text"), "alt_text_too_long", detail);
        }
    }
}

/// How many words of the text begin with the mark.
fn marks(text: &str, mark: char) -> usize {
    let mut count = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == mark && chars.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_') {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests;
