//! Facebook Pages: text, link, one photo, several photos.
//!
//! Pictures are staged: uploaded as unpublished photos beforehand, then attached to one post. So one short call is left
//! for the due time, whatever the format, and the photos' ids are evidence of whether it was executed.
//!
//! The irreversible call asks for no fields of the new post. An error while reading them back would answer a post that is
//! live, with a code that means a refusal elsewhere.

use chrono::{DateTime, Utc};
use publishing::{
    publisher::{Finding, Handles, Live, Notebook, PrepareError, Readiness, Work},
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};
use serde::Deserialize;
use url::Url;

use crate::{
    Meta,
    call::Call,
    decode::{self, List, Node},
    error::STAGED_PHOTO_LOST,
    evidence::{Fit, Tally, Window, same_text},
    failure::Failure,
    publisher::{PREPARATION_LOST, cannot_look, web_address},
};

/// Posts per page of the list; Meta's maximum.
const PAGE_SIZE: &str = "100";
/// Pages looked through before giving up: more posts than a Page makes within the window.
const MOST_PAGES: usize = 20;

/// Stages the pictures that are not staged yet. Text and links need no preparation.
pub(crate) async fn prepare(
    meta: &Meta,
    work: &Work,
    notebook: &dyn Notebook,
) -> Result<Handles, PrepareError> {
    if work.link.is_some() && !work.pictures.is_empty() {
        // Meta drops the link of a post with photos: what goes out would not be what was approved.
        return Err(PrepareError::Refused(Refusal::of(Reason::LinkRejected, Remedy::GiveUp)));
    }
    let mut handles = work.handles.clone();
    if meta.is_stale(&handles) || handles.parts.len() > work.pictures.len() {
        handles = Handles::default();
    }
    for picture in &work.pictures[handles.parts.len()..] {
        let mut form = vec![("url", picture.url.as_str()), ("published", "false")];
        form.extend(picture.alt_text.as_deref().map(|text| ("alt_text_custom", text)));
        let path = [work.remote_channel.as_str(), "photos"];
        let call = Call::post("photos", &path, &form).on(&work.remote_channel).token(&work.token);
        let begun = meta.fresh_handles();
        let photo: Node = meta.graph.send(call).await.map_err(|f| PrepareError::Refused(f.refusal()))?;
        let Some(id) = photo.id else { return Err(PrepareError::Refused(no_id())) };
        if handles.is_empty() {
            handles.since = begun.since;
        }
        handles.parts.push(id);
        notebook.save(&handles).await?;
    }
    Ok(handles)
}

/// Staged photos are ready as soon as they have an id.
pub(crate) fn check(meta: &Meta, work: &Work) -> Result<Readiness, Refusal> {
    if work.handles.parts.len() == work.pictures.len() && !meta.is_stale(&work.handles) {
        Ok(Readiness::Ready)
    } else {
        Err(PREPARATION_LOST)
    }
}

/// The irreversible call.
pub(crate) async fn publish(meta: &Meta, work: &Work) -> Result<Node, Failure> {
    if work.handles.parts.len() != work.pictures.len() {
        return Err(Failure::Unsent(PREPARATION_LOST));
    }
    let attached = attached_media(&work.handles.parts);
    let mut form = Vec::with_capacity(3);
    if !work.caption.is_empty() {
        form.push(("message", work.caption.as_str()));
    }
    form.extend(work.link.as_ref().map(|link| ("link", link.as_str())));
    form.extend(attached.as_deref().map(|list| ("attached_media", list)));
    let path = [work.remote_channel.as_str(), "feed"];
    let call = Call::post("feed", &path, &form).on(&work.remote_channel).token(&work.token);
    meta.graph.send(call.irreversible()).await.map_err(|failure| about_photos(work, failure))
}

/// Beside staged photos, "the object does not exist" (100/33) speaks of one of them: Meta drops unpublished photos after a
/// day, people and cleanups earlier. The same ids would be refused for ever, so the photos are staged anew. If it was the
/// Page itself that is out of reach, staging says so next.
///
/// It is a definite refusal. Code 100 is Graph's check of the parameters (guide on error handling): what they name is
/// resolved before anything is made, and no report is known of a post that was live behind it. It may still be the trace
/// of an earlier call, whose post was removed with its photos; the step that sends looks before it believes that.
fn about_photos(work: &Work, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(_, code) if failure.is_missing() && !work.handles.parts.is_empty() => {
            Failure::Refused(STAGED_PHOTO_LOST, code)
        }
        other => other,
    }
}

fn attached_media(parts: &[String]) -> Option<String> {
    let list: Vec<_> = parts.iter().map(|id| serde_json::json!({ "media_fbid": id })).collect();
    (!list.is_empty()).then(|| serde_json::Value::Array(list).to_string())
}

const FIELDS: &str = "id,message,created_time,permalink_url,application{id},\
                      attachments{url,unshimmed_url,target{id},subattachments{target{id}}}";

/// Looks through what the Page published since the permit.
pub(crate) async fn find(meta: &Meta, work: &Work) -> Finding {
    let Some(window) = Window::of(work) else { return Finding::CannotTell(PlatformCode::default()) };
    let since = window.since().timestamp().to_string();
    let path = [work.remote_channel.as_str(), "published_posts"];
    let mut tally = Tally::default();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut query = vec![("fields", FIELDS), ("since", &since), ("limit", PAGE_SIZE)];
        query.extend(after.as_deref().map(|cursor| ("after", cursor)));
        let call = Call::get("published_posts", &path).query(&query);
        let call = call.on(&work.remote_channel).token(&work.token);
        let posts: List<Post> = match meta.graph.send(call).await {
            Ok(posts) => posts,
            Err(failure) => return cannot_look(&failure),
        };
        for post in &posts.data {
            tally.add(work, post.fit(work, &meta.settings.app_id, window), post.live());
        }
        let has_more = posts.has_more();
        after = posts.after();
        if !has_more {
            return tally.finding();
        }
        if after.is_none() {
            break;
        }
    }
    // The list was not seen to its end: presence is proven all the same, absence is not.
    tally.unique().map_or(Finding::CannotTell(PlatformCode::default()), Finding::Live)
}

/// A post, as far as it is evidence.
#[derive(Deserialize)]
struct Post {
    #[serde(default, deserialize_with = "decode::id")]
    id: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    message: Option<String>,
    #[serde(default, deserialize_with = "decode::instant")]
    created_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "decode::text")]
    permalink_url: Option<String>,
    #[serde(default)]
    application: Option<Node>,
    #[serde(default)]
    attachments: Option<Attachments>,
}

#[derive(Default, Deserialize)]
struct Attachments {
    #[serde(default)]
    data: Vec<Attachment>,
}

#[derive(Deserialize)]
struct Attachment {
    #[serde(default, deserialize_with = "decode::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    unshimmed_url: Option<String>,
    #[serde(default)]
    target: Option<Node>,
    #[serde(default)]
    subattachments: Option<Attachments>,
}

impl Post {
    fn live(&self) -> Option<Live> {
        let permalink = self.permalink_url.as_deref().and_then(web_address);
        self.id.clone().map(|id| Live { id, permalink })
    }

    /// The ids of staged photos belong to nobody else and decide alone. Else the text must be exact, and what is attached
    /// must fit; where Meta shows it differently than it was sent, nobody can tell. Meta rewrites texts as well (mentions
    /// become names, characters are normalised): so what this app posted since the permit may be ours whatever it says.
    fn fit(&self, work: &Work, app: &str, window: Window) -> Fit {
        let app_differs = self.application.as_ref().and_then(|a| a.id.as_deref()).map(|id| id != app);
        let in_time = window.fit(self.created_time);
        if app_differs == Some(true) || in_time == Fit::No {
            return Fit::No;
        }
        if !work.handles.parts.is_empty() && self.shows_all(&work.handles.parts) {
            return Fit::Yes;
        }
        if !same_text(&work.caption, self.message.as_deref()) {
            let since_permit = app_differs == Some(false) && in_time == Fit::Yes;
            return if since_permit { Fit::Perhaps } else { Fit::No };
        }
        let attached = match &work.link {
            _ if !work.handles.parts.is_empty() => false,
            Some(link) => self.links_to(link),
            None => true,
        };
        if attached && app_differs == Some(false) { in_time } else { Fit::Perhaps }
    }

    fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.attachments.iter().flat_map(|list| &list.data)
    }

    fn shows_all(&self, photos: &[String]) -> bool {
        let nested = self.attachments().filter_map(|a| a.subattachments.as_ref()).flat_map(|list| &list.data);
        let targets: Vec<_> = self
            .attachments()
            .chain(nested)
            .filter_map(|attachment| attachment.target.as_ref()?.id.as_deref())
            .collect();
        photos.iter().all(|photo| targets.contains(&photo.as_str()))
    }

    fn links_to(&self, link: &Url) -> bool {
        self.attachments()
            .flat_map(|attachment| [attachment.unshimmed_url.as_deref(), attachment.url.as_deref()])
            .flatten()
            .filter_map(|shown| Url::parse(shown).ok())
            .any(|shown| shown == *link || unwrapped(&shown).as_ref() == Some(link))
    }
}

/// Meta wraps links as `https://l.facebook.com/l.php?u=…`.
fn unwrapped(shown: &Url) -> Option<Url> {
    let (_, inner) = shown.query_pairs().find(|(name, _)| name == "u")?;
    Url::parse(&inner).ok()
}

/// The platform took the picture and did not say under which id; staging may be repeated.
fn no_id() -> Refusal {
    Refusal::of(Reason::PlatformUnavailable, Remedy::Retry)
}
