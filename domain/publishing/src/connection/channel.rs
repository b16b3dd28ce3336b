//! A channel: one place to publish.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use tenancy::{OrganizationId, WorkspaceId};
use url::Url;

use crate::{
    id::{ChannelId, ConnectionId},
    platform::Platform,
    publication::{UnknownWord, words},
    refusal::Reason,
};

words! {
    /// Whether a channel can publish.
    ChannelState {
        /// It has a token that worked when it was last used or checked.
        Connected => "connected",
        /// Its token stopped working and is gone; reconnecting gives it a new one.
        NeedsReauth => "needs_reauth",
        /// Somebody disconnected it; its token is gone.
        Disconnected => "disconnected",
    }
}

/// One place to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id; it stays the same however often the channel is disconnected and connected again.
    pub id: ChannelId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection it publishes through; `None` once disconnected.
    pub connection: Option<ConnectionId>,
    /// The platform.
    pub platform: Platform,
    /// The Page's or account's id there.
    pub remote_id: String,
    /// Its name there, as of the last login.
    pub name: String,
    /// Its handle, where it has one.
    pub username: Option<String>,
    /// Its picture.
    pub picture_url: Option<Url>,
    /// Whether it can publish.
    pub state: ChannelState,
    /// What the platform said was wrong with it.
    pub problem: Option<Reason>,
    /// Scopes its grant carries.
    pub granted: Vec<String>,
    /// Scopes publication needs and the grant lacks.
    pub missing: Vec<String>,
    /// When its token ends; `None` where it does not.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the platform stops serving data unless the person signs in again.
    pub data_access_expires_at: Option<DateTime<Utc>>,
    /// Whether another workspace of the same organization publishes to the same Page or account.
    pub shared: bool,
    /// When it was first connected.
    pub created_at: DateTime<Utc>,
}

/// The scopes that publication on `platform` needs and `granted` lacks.
pub fn missing_scopes(platform: Platform, granted: &[String]) -> Vec<String> {
    let required = platform.capabilities().required_scopes.iter();
    required.filter(|scope| !granted.iter().any(|g| g == *scope)).map(|scope| (*scope).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_person_declined_is_missing_only_where_it_is_needed() {
        let granted: Vec<String> =
            ["pages_show_list", "pages_read_engagement", "pages_manage_posts"].map(str::to_owned).to_vec();
        assert!(missing_scopes(Platform::Facebook, &granted).is_empty());
        assert_eq!(
            missing_scopes(Platform::Instagram, &granted),
            ["instagram_basic", "instagram_content_publish"]
        );
    }
}
