//! The rule: what would keep a publication from going out at its time.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Finding, Stage};
use crate::{
    connection::{Channel, Severity, health},
    content::{ApprovedContent, ContentHash, Override},
    id::PublicationId,
    post::{Target, TargetTime, store::Facts, validate::validate},
};

/// A publication that is due for a look, with everything the look needs.
#[derive(Debug, Clone)]
pub struct Checkup {
    /// Which publication.
    pub publication: PublicationId,
    /// Which plan of it.
    pub plan_epoch: i64,
    /// Which look is due.
    pub stage: Stage,
    /// When it is due to be public.
    pub due_at: DateTime<Utc>,
    /// Its channel; `None` if there is none any more.
    pub channel: Option<Channel>,
    /// What is to go out.
    pub content: ApprovedContent,
    /// The hash of what was approved.
    pub content_hash: ContentHash,
    /// Whether that approval is there.
    pub approved: bool,
    /// What validation needs to know.
    pub facts: Facts,
    /// Posts of the same Page or account that take of its quota before this one: what was published, or is planned, in the 24 hours
    /// before it is due.
    pub ahead: u32,
}

/// What would keep a publication from going out at its time: whatever validation would refuse today, whatever will keep its channel
/// from publishing by then, a quota that others will have used up, and an approval that does not cover it. Each code once.
pub fn findings(one: &Checkup) -> Vec<Finding> {
    let mut found = Vec::new();
    if !one.approved || one.channel.as_ref().is_some_and(|c| one.content.hash(c.id) != one.content_hash) {
        let detail = "The approval of this content is missing; schedule the post again.".to_owned();
        found.push(Finding { code: "approval_missing", detail });
    }
    let Some(channel) = &one.channel else {
        let detail = "The channel is disconnected. Connect the channel again.".to_owned();
        found.push(Finding { code: "disconnected", detail });
        return found;
    };
    let blocking =
        health(channel, one.due_at).problems.into_iter().filter(|p| p.severity == Severity::Blocking);
    found.extend(blocking.map(|p| Finding { code: p.code, detail: at_its_time(p.code, p.detail, p.fix) }));
    let target = Target { channel: channel.id, change: Override::default(), time: TargetTime::Post };
    let violations = validate(&one.content.as_written(), &[target], &one.facts);
    // A channel's own trouble has better words above.
    let of_content = violations.into_iter().filter(|wrong| !wrong.code.starts_with("channel_"));
    found.extend(of_content.map(|wrong| Finding { code: wrong.code, detail: wrong.detail }));
    if let Some(most) = channel.platform.capabilities().max_posts_a_day.filter(|most| one.ahead >= *most) {
        let name = channel.platform;
        let detail = format!(
            "{name} takes {most} posts within 24 hours, and {} are published or planned before this one; choose another time.",
            one.ahead
        );
        found.push(Finding { code: "quota_used_up", detail });
    }
    let mut seen = BTreeSet::new();
    found.retain(|finding| seen.insert(finding.code));
    found
}

/// What will be is not what is: a grant that ends before the due time has not ended yet.
fn at_its_time(code: &str, detail: &str, fix: &str) -> String {
    match code {
        "token_expiry" => format!("The channel's token ends before the post is due. {fix}"),
        "data_access_expiry" => {
            format!("The person's access to data on the platform ends before the post is due. {fix}")
        }
        _ => format!("{detail} {fix}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tenancy::{OrganizationId, WorkspaceId};

    use super::*;
    use crate::{
        connection::ChannelState,
        content::ApprovedPicture,
        id::{ChannelId, ConnectionId, MediaId},
        platform::Platform,
        post::store::{ChannelFacts, MediaFacts},
        refusal::Reason,
    };

    fn due() -> DateTime<Utc> {
        "2027-03-01T09:00:00Z".parse().unwrap()
    }

    fn channel() -> Channel {
        Channel {
            id: ChannelId::new(),
            organization: OrganizationId::new(),
            workspace: WorkspaceId::new(),
            connection: Some(ConnectionId::new()),
            platform: Platform::Instagram,
            remote_id: "1".into(),
            name: "Harbour".into(),
            username: None,
            picture_url: None,
            state: ChannelState::Connected,
            problem: None,
            granted: vec![],
            missing: vec![],
            expires_at: None,
            data_access_expires_at: None,
            shared: false,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// A picture for Instagram with which nothing is wrong.
    fn checkup() -> Checkup {
        let (channel, media) = (channel(), MediaId::new());
        let picture = ApprovedPicture { media, digest: "00".into(), alt_text: None };
        let content = ApprovedContent { caption: "Good morning".into(), link: None, pictures: vec![picture] };
        let known = MediaFacts {
            id: media,
            content_type: "image/jpeg".into(),
            bytes: 1_000,
            width: 1_080,
            height: 1_080,
            digest: "00".into(),
        };
        let usable =
            ChannelFacts { id: channel.id, platform: channel.platform, usable: true, missing_scopes: vec![] };
        Checkup {
            publication: PublicationId::new(),
            plan_epoch: 0,
            stage: Stage::Early,
            due_at: due(),
            content_hash: content.hash(channel.id),
            channel: Some(channel),
            content,
            approved: true,
            facts: Facts { channels: vec![usable], media: vec![known], ..Facts::default() },
            ahead: 99,
        }
    }

    fn codes(change: impl FnOnce(&mut Checkup, &mut Channel)) -> Vec<&'static str> {
        let mut one = checkup();
        let mut channel = one.channel.take().unwrap();
        change(&mut one, &mut channel);
        one.channel = Some(channel);
        findings(&one).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn nothing_is_found_where_all_is_well() {
        assert!(codes(|_, _| {}).is_empty());
    }

    #[test]
    fn a_token_that_ends_before_the_post_is_due_is_found_and_one_that_ends_after_is_not() {
        assert_eq!(codes(|_, c| c.expires_at = Some(due())), ["token_expiry"]);
        assert!(codes(|_, c| c.expires_at = Some(due() + TimeDelta::seconds(1))).is_empty());
        assert_eq!(codes(|_, c| c.data_access_expires_at = Some(due())), ["data_access_expiry"]);
    }

    #[test]
    fn a_channel_that_cannot_publish_is_found() {
        assert_eq!(codes(|_, c| c.state = ChannelState::NeedsReauth), ["unauthorized"]);
        assert_eq!(codes(|_, c| c.missing = vec!["instagram_basic".into()]), ["permission_missing"]);
        assert!(codes(|_, c| c.problem = Some(Reason::RateLimited)).is_empty(), "it may pass");
        let gone = Checkup { channel: None, ..checkup() };
        assert_eq!(findings(&gone)[0].code, "disconnected");
    }

    #[test]
    fn media_that_are_gone_or_not_acceptable_any_more_are_found_once_each() {
        assert_eq!(codes(|one, _| one.facts.media.clear()), ["media_unknown"]);
        assert_eq!(codes(|one, _| one.facts.media[0].bytes = u64::MAX), ["media_too_large"]);
    }

    #[test]
    fn the_hundred_and_first_post_of_a_day_is_found_on_instagram_and_not_on_a_page() {
        assert_eq!(codes(|one, _| one.ahead = 100), ["quota_used_up"]);
        let on_a_page = codes(|one, c| {
            (one.ahead, c.platform, one.facts.channels[0].platform) =
                (100, Platform::Facebook, Platform::Facebook);
        });
        assert!(on_a_page.is_empty());
    }

    #[test]
    fn content_that_nobody_approved_is_found() {
        assert_eq!(codes(|one, _| one.approved = false), ["approval_missing"]);
        assert_eq!(codes(|one, _| one.content.caption.push('!')), ["approval_missing"]);
    }
}
