use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::{
    content::Override,
    id::{ChannelId, MediaId},
    platform::Platform,
};

fn channel(n: u128, platform: Platform) -> ChannelFacts {
    ChannelFacts {
        id: ChannelId::from_uuid(Uuid::from_u128(n)),
        platform,
        usable: true,
        missing_scopes: vec![],
    }
}

fn media(n: u128) -> MediaFacts {
    MediaFacts {
        id: MediaId::from_uuid(Uuid::from_u128(n)),
        content_type: "image/jpeg".into(),
        bytes: 100_000,
        width: 1_080,
        height: 1_080,
        digest: "00".into(),
    }
}

fn facts() -> Facts {
    Facts {
        channels: vec![channel(1, Platform::Facebook), channel(2, Platform::Instagram)],
        media: vec![media(1), media(2)],
        publish_late_by: Duration::from_hours(1),
    }
}

fn target(n: u128) -> Target {
    Target {
        channel: ChannelId::from_uuid(Uuid::from_u128(n)),
        change: Override::default(),
        time: TargetTime::Post,
    }
}

fn content(caption: &str, pictures: u128) -> Content {
    let attach = |n| Attachment { media: MediaId::from_uuid(Uuid::from_u128(n)), alt_text: None };
    Content { caption: caption.into(), link: None, media: (1..=pictures).map(attach).collect() }
}

fn codes(content: &Content, targets: &[Target], facts: &Facts) -> Vec<(String, &'static str)> {
    validate(content, targets, facts).into_iter().map(|v| (v.pointer, v.code)).collect()
}

#[test]
fn a_picture_with_a_caption_goes_to_both() {
    assert!(codes(&content("hello", 1), &[target(1), target(2)], &facts()).is_empty());
    assert!(codes(&content("hello", 2), &[target(1), target(2)], &facts()).is_empty());
}

#[test]
fn text_alone_goes_to_a_page_and_not_to_instagram() {
    assert!(codes(&content("hello", 0), &[target(1)], &facts()).is_empty());
    assert_eq!(codes(&content("hello", 0), &[target(2)], &facts()), [("/media".into(), "media_missing")]);
    assert_eq!(codes(&content(" ", 0), &[target(1)], &facts()), [("/caption".into(), "content_missing")]);
}

#[test]
fn a_violation_points_to_where_the_value_was_given() {
    let mut long = target(2);
    long.change.caption = Some("x".repeat(2_201));
    assert_eq!(
        codes(&content("short", 1), &[target(1), long], &facts()),
        [("/targets/1/caption".into(), "caption_too_long")]
    );
    let long = "x".repeat(2_201);
    assert_eq!(
        codes(&content(&long, 1), &[target(1), target(2)], &facts()),
        [("/caption".into(), "caption_too_long")]
    );
}

#[test]
fn hashtags_and_mentions_are_counted_as_words() {
    let tags = "#a ".repeat(30) + "# #! 5#";
    assert!(codes(&content(&tags, 1), &[target(2)], &facts()).is_empty());
    assert_eq!(
        codes(&content(&"#a ".repeat(31), 1), &[target(2)], &facts()),
        [("/caption".into(), "hashtags_too_many")]
    );
    assert_eq!(
        codes(&content(&"@a ".repeat(21), 1), &[target(2)], &facts()),
        [("/caption".into(), "mentions_too_many")]
    );
}

#[test]
fn pictures_must_be_what_the_platform_takes() {
    type Change = fn(&mut MediaFacts);
    let cases: [(Change, &str); 5] = [
        (|m| m.content_type = "image/png".into(), "media_type"),
        (|m| m.bytes = 8_000_001, "media_too_large"),
        (|m| m.width = 319, "media_shape"),
        (|m| (m.width, m.height) = (319, 319), "media_too_small"),
        (|m| (m.width, m.height) = (1_911, 1_000), "media_shape"),
    ];
    for (change, code) in cases {
        let mut facts = facts();
        change(&mut facts.media[0]);
        let found = codes(&content("hello", 1), &[target(2)], &facts);
        assert!(found.contains(&("/media/0".into(), code)), "{code}: {found:?}");
    }
}

#[test]
fn the_accepted_shapes_include_their_borders() {
    for (width, height) in [(1_910, 1_000), (800, 1_000)] {
        let mut facts = facts();
        (facts.media[0].width, facts.media[0].height) = (width, height);
        assert!(codes(&content("hello", 1), &[target(2)], &facts).is_empty());
    }
}

#[test]
fn a_link_and_pictures_do_not_go_together_on_a_page() {
    let mut both = content("hello", 1);
    both.link = Some("https://example.org/".parse().unwrap());
    assert_eq!(codes(&both, &[target(1)], &facts()), [("/link".into(), "link_with_media")]);
    assert!(codes(&both, &[target(2)], &facts()).is_empty(), "Instagram gets the post without the link");
    let approved = approve(&both, &target(2), &channel(2, Platform::Instagram), &facts()).unwrap();
    assert!(approved.link.is_none());
}

#[test]
fn a_channel_must_be_there_connected_and_allowed() {
    assert_eq!(
        codes(&content("hello", 1), &[target(9)], &facts()),
        [("/targets/0/channel_id".into(), "channel_unknown")]
    );
    let mut facts = facts();
    facts.channels[0].usable = false;
    facts.channels[1].missing_scopes = vec!["instagram_content_publish".into()];
    assert_eq!(
        codes(&content("hello", 1), &[target(1), target(2)], &facts),
        [
            ("/targets/0/channel_id".into(), "channel_not_connected"),
            ("/targets/1/channel_id".into(), "channel_scope_missing")
        ]
    );
}

#[test]
fn a_channel_named_twice_and_no_channel_at_all_are_refused() {
    assert_eq!(
        codes(&content("hello", 1), &[target(1), target(1)], &facts()),
        [("/targets/1/channel_id".into(), "channel_repeated")]
    );
    assert_eq!(codes(&content("hello", 1), &[], &facts()), [("/targets".into(), "targets_missing")]);
}

#[test]
fn media_of_another_workspace_is_unknown() {
    assert_eq!(codes(&content("hello", 3), &[target(1)], &facts()), [("/media/2".into(), "media_unknown")]);
}
