//! A channel's health: what is wrong with it, and who can do what about it.

use chrono::{DateTime, TimeDelta, Utc};

use super::channel::{Channel, ChannelState};
use crate::{
    platform::Platform,
    refusal::{Fixer, Reason},
};

/// How long before an end the warning begins.
const WARN_BEFORE: TimeDelta = TimeDelta::days(14);

/// Whether a problem keeps the channel from publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does.
    Blocking,
    /// Not yet, or not at all.
    Warning,
}

impl Severity {
    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: &'static str,
    /// Whether it keeps the channel from publishing.
    pub severity: Severity,
    /// What is wrong.
    pub detail: &'static str,
    /// Who can put it right.
    pub actor: Fixer,
    /// What that person can do.
    pub fix: &'static str,
}

/// What is known about a channel's ability to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is wrong, worst first.
    pub problems: Vec<Problem>,
}

impl Health {
    /// Whether nothing keeps the channel from publishing.
    pub fn can_publish(&self) -> bool {
        self.problems.iter().all(|p| p.severity != Severity::Blocking)
    }
}

/// Judges a channel as of `now`.
pub fn health(channel: &Channel, now: DateTime<Utc>) -> Health {
    let mut problems: Vec<Problem> = [
        standing(channel),
        scopes(channel),
        end_of_token(channel, now),
        end_of_data_access(channel, now),
        shared(channel),
    ]
    .into_iter()
    .flatten()
    .collect();
    problems.sort_by_key(|p| p.severity);
    Health { problems }
}

const fn of(reason: Reason, severity: Severity, detail: &'static str) -> Problem {
    Problem { code: reason.as_str(), severity, detail, actor: reason.fixer(), fix: reason.fix() }
}

fn standing(channel: &Channel) -> Option<Problem> {
    match (channel.state, channel.problem) {
        (ChannelState::Disconnected, _) => {
            Some(of(Reason::Disconnected, Severity::Blocking, "The channel is disconnected."))
        }
        (ChannelState::NeedsReauth, None | Some(Reason::Unauthorized)) => Some(of(
            Reason::Unauthorized,
            Severity::Blocking,
            "The platform does not accept the channel's token any more.",
        )),
        (ChannelState::NeedsReauth, Some(reason)) => {
            Some(of(reason, Severity::Blocking, "The channel needs a new login."))
        }
        (ChannelState::Connected, None | Some(Reason::PermissionMissing)) => None,
        (ChannelState::Connected, Some(reason)) => {
            Some(of(reason, Severity::Warning, "The platform complained when the channel was last used."))
        }
    }
}

fn scopes(channel: &Channel) -> Option<Problem> {
    let lacking = channel.state == ChannelState::Connected && !channel.missing.is_empty();
    let detail = "The grant lacks permissions that publishing needs; `missing_scopes` lists them.";
    lacking.then(|| of(Reason::PermissionMissing, Severity::Blocking, detail))
}

fn end_of_token(channel: &Channel, now: DateTime<Utc>) -> Option<Problem> {
    let end = channel.expires_at.filter(|_| channel.state == ChannelState::Connected)?;
    let problem = |severity, detail| {
        let fix = "Reconnect the channel.";
        Some(Problem { code: "token_expiry", severity, detail, actor: Fixer::Member, fix })
    };
    match end {
        end if end <= now => problem(Severity::Blocking, "The channel's token has ended."),
        end if end <= now + WARN_BEFORE => {
            problem(Severity::Warning, "The channel's token ends within two weeks.")
        }
        _ => None,
    }
}

/// Instagram permissions are not among those that outlive the end of data access (Meta, "Access and data", Facebook Login);
/// those of Pages are.
fn end_of_data_access(channel: &Channel, now: DateTime<Utc>) -> Option<Problem> {
    let end = channel.data_access_expires_at.filter(|_| channel.state == ChannelState::Connected)?;
    let ended = if channel.platform == Platform::Instagram { Severity::Blocking } else { Severity::Warning };
    let problem = |severity, detail| {
        let fix = "Reconnect the channel: the person's access to data must be confirmed every 90 days.";
        Some(Problem { code: "data_access_expiry", severity, detail, actor: Fixer::Member, fix })
    };
    match end {
        end if end <= now => problem(ended, "The person's access to data on the platform has ended."),
        end if end <= now + WARN_BEFORE => {
            problem(Severity::Warning, "The person's access to data on the platform ends within two weeks.")
        }
        _ => None,
    }
}

fn shared(channel: &Channel) -> Option<Problem> {
    (channel.shared && channel.state != ChannelState::Disconnected).then_some(Problem {
        code: "shared",
        severity: Severity::Warning,
        detail: "Another workspace of the organization publishes to the same page or account.",
        actor: Fixer::Member,
        fix: "Disconnect the channel where it is not wanted.",
    })
}

#[cfg(test)]
mod tests {
    use tenancy::{OrganizationId, WorkspaceId};

    use super::*;
    use crate::id::{ChannelId, ConnectionId};

    fn channel(platform: Platform) -> Channel {
        Channel {
            id: ChannelId::new(),
            organization: OrganizationId::new(),
            workspace: WorkspaceId::new(),
            connection: Some(ConnectionId::new()),
            platform,
            remote_id: "1".into(),
            name: "Harbour Coffee".into(),
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

    fn codes(channel: &Channel) -> Vec<(&'static str, Severity)> {
        health(channel, DateTime::UNIX_EPOCH).problems.iter().map(|p| (p.code, p.severity)).collect()
    }

    #[test]
    fn a_channel_with_nothing_wrong_can_publish() {
        let channel = channel(Platform::Facebook);
        assert!(health(&channel, DateTime::UNIX_EPOCH).can_publish());
        assert_eq!(codes(&channel), []);
    }

    #[test]
    fn a_lost_login_is_named_before_the_mere_warnings() {
        let lost = Channel {
            state: ChannelState::NeedsReauth,
            problem: Some(Reason::Unauthorized),
            shared: true,
            missing: vec!["pages_manage_posts".into()],
            ..channel(Platform::Facebook)
        };
        assert_eq!(codes(&lost), [("unauthorized", Severity::Blocking), ("shared", Severity::Warning)]);
        assert!(!health(&lost, DateTime::UNIX_EPOCH).can_publish());
    }

    #[test]
    fn a_declined_permission_blocks_until_it_is_granted() {
        let lacking = Channel { missing: vec!["pages_manage_posts".into()], ..channel(Platform::Facebook) };
        assert_eq!(codes(&lacking), [("permission_missing", Severity::Blocking)]);
    }

    #[test]
    fn the_end_of_data_access_stops_instagram_but_not_pages() {
        let ended = Some(DateTime::UNIX_EPOCH);
        let page = Channel { data_access_expires_at: ended, ..channel(Platform::Facebook) };
        let account = Channel { data_access_expires_at: ended, ..channel(Platform::Instagram) };
        assert_eq!(codes(&page), [("data_access_expiry", Severity::Warning)]);
        assert_eq!(codes(&account), [("data_access_expiry", Severity::Blocking)]);
    }

    #[test]
    fn an_end_within_two_weeks_is_announced() {
        let soon = DateTime::UNIX_EPOCH + WARN_BEFORE;
        let channel = |end| Channel { expires_at: Some(end), ..channel(Platform::Facebook) };
        assert_eq!(codes(&channel(soon)), [("token_expiry", Severity::Warning)]);
        assert_eq!(codes(&channel(soon + TimeDelta::seconds(1))), []);
        assert_eq!(codes(&channel(DateTime::UNIX_EPOCH)), [("token_expiry", Severity::Blocking)]);
    }
}
