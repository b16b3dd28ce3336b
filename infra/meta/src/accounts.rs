//! The Pages and Instagram accounts that a grant reaches (`/me/accounts`). Only the fields named here are decoded.

use publishing::{
    authorizer::{Candidate, Grant},
    platform::Platform,
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{
    Meta,
    call::Call,
    decode::{self, List},
    publisher::web_address,
};

/// The `connected_instagram_account` of a Page may be a personal one; only `instagram_business_account` can be published to.
const FIELDS: &str = "id,name,username,access_token,tasks,picture{url},\
                      instagram_business_account{id,username,profile_picture_url}";
/// Pages per answer.
const PAGE_SIZE: &str = "100";
/// Answers read before giving up: 5,000 Pages.
const MOST_ANSWERS: usize = 50;
/// Tasks of which one is needed to publish; the second is its name on Pages of the newer kind.
const PUBLISHING_TASKS: [&str; 2] = ["CREATE_CONTENT", "PROFILE_PLUS_CREATE_CONTENT"];

/// Lists everything the grant reaches.
pub(crate) async fn candidates(meta: &Meta, grant: &Grant) -> Result<Vec<Candidate>, Refusal> {
    let mut candidates = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_ANSWERS {
        let mut query = vec![("fields", FIELDS), ("limit", PAGE_SIZE)];
        query.extend(after.as_deref().map(|cursor| ("after", cursor)));
        let call = Call::get("accounts", &["me", "accounts"]).query(&query).token(&grant.token);
        let pages: List<Page> = meta.graph.send(call).await.map_err(|failure| failure.refusal())?;
        candidates.extend(pages.data.iter().flat_map(Page::candidates));
        let (has_more, next) = (pages.has_more(), pages.after());
        if !has_more {
            return Ok(candidates);
        }
        if next.is_none() || next == after {
            break;
        }
        after = next;
    }
    // A list without an end, or without a way to go on: a part of it must not pass for the whole.
    let code = PlatformCode { status: Some(200), ..PlatformCode::default() };
    Err(Refusal { code, ..Refusal::of(Reason::PlatformUnavailable, Remedy::Retry) })
}

#[derive(Deserialize)]
struct Page {
    #[serde(default, deserialize_with = "decode::id")]
    id: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    username: Option<String>,
    #[serde(default)]
    access_token: Option<SecretString>,
    #[serde(default)]
    tasks: Option<Vec<String>>,
    #[serde(default)]
    picture: Option<Picture>,
    #[serde(default)]
    instagram_business_account: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default, deserialize_with = "decode::id")]
    id: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    profile_picture_url: Option<String>,
}

/// `{"data":{"url":…}}`.
#[derive(Deserialize)]
struct Picture {
    #[serde(default)]
    data: Option<PictureData>,
}

#[derive(Deserialize)]
struct PictureData {
    #[serde(default, deserialize_with = "decode::text")]
    url: Option<String>,
}

impl Page {
    fn candidates(&self) -> Vec<Candidate> {
        [self.facebook(), self.instagram()].into_iter().flatten().collect()
    }

    fn facebook(&self) -> Option<Candidate> {
        let remote_id = self.id.clone()?;
        Some(Candidate {
            name: self.name.clone().unwrap_or_else(|| remote_id.clone()),
            remote_id,
            username: self.username.clone(),
            picture_url: self.picture_url(),
            ..self.candidate(Platform::Facebook)
        })
    }

    /// Instagram is published to with the token of the Page that the account is linked to.
    fn instagram(&self) -> Option<Candidate> {
        let account = self.instagram_business_account.as_ref()?;
        let remote_id = account.id.clone()?;
        Some(Candidate {
            name: account.username.clone().or_else(|| self.name.clone()).unwrap_or_else(|| remote_id.clone()),
            remote_id,
            username: account.username.clone(),
            picture_url: account.profile_picture_url.as_deref().and_then(web_address),
            ..self.candidate(Platform::Instagram)
        })
    }

    /// Tokens of Pages that come from a long-lived token have no end.
    fn candidate(&self, platform: Platform) -> Candidate {
        Candidate {
            platform,
            remote_id: String::new(),
            name: String::new(),
            username: None,
            picture_url: None,
            token: self.access_token.clone().unwrap_or_default(),
            expires_at: None,
            can_publish: self.access_token.is_some() && self.may_create(),
        }
    }

    fn may_create(&self) -> bool {
        self.tasks.iter().flatten().any(|task| PUBLISHING_TASKS.contains(&task.as_str()))
    }

    fn picture_url(&self) -> Option<Url> {
        web_address(self.picture.as_ref()?.data.as_ref()?.url.as_deref()?)
    }
}
