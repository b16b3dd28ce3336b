//! Instagram professional accounts: one picture, or a carousel of two to ten.
//!
//! A container is built beforehand and published by one short call. Its status is the truth about that call: `FINISHED`
//! means not published, `PUBLISHED` means live.

use chrono::{DateTime, TimeDelta, Utc};
use publishing::{
    platform::Format,
    publisher::{Finding, Handles, Live, Notebook, Picture, PrepareError, Readiness, Work},
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};
use serde::Deserialize;

use crate::{
    Meta,
    call::Call,
    decode::{self, List, Node},
    error::meaning_of_subcode,
    evidence::{Fit, Tally, Window, same_text},
    failure::Failure,
    publisher::{PREPARATION_LOST, cannot_look, limit, web_address},
};

/// Meta sometimes says of new containers that they do not exist. From this age on it is believed.
const YOUNG: TimeDelta = TimeDelta::minutes(10);
/// Media per page of the list.
const PAGE_SIZE: &str = "100";
/// Pages looked through before giving up.
const MOST_PAGES: usize = 10;

/// Builds the container, or goes on building it. A container that failed, expired or is about to is built anew, and so
/// are its children.
pub(crate) async fn prepare(
    meta: &Meta,
    work: &Work,
    notebook: &dyn Notebook,
) -> Result<Handles, PrepareError> {
    if work.pictures.is_empty() {
        return Err(PrepareError::Refused(Refusal::of(Reason::MediaRejected, Remedy::GiveUp)));
    }
    let mut handles = reusable(meta, work).await.map_err(PrepareError::Refused)?;
    if handles.container.is_some() {
        return Ok(handles);
    }
    if handles.is_empty() {
        handles = meta.fresh_handles();
    }
    if work.format() == Format::Photos {
        for picture in &work.pictures[handles.parts.len()..] {
            let id = create(meta, work, &child(picture)).await.map_err(PrepareError::Refused)?;
            handles.parts.push(id);
            notebook.save(&handles).await?;
        }
    }
    match create_parent(meta, work, &handles.parts).await {
        Ok(id) => handles.container = Some(id),
        Err(refusal) if refusal.remedy == Remedy::PrepareAgain => {
            notebook.save(&Handles::default()).await?;
            return Err(PrepareError::Refused(refusal));
        }
        Err(refusal) => return Err(PrepareError::Refused(refusal)),
    }
    notebook.save(&handles).await?;
    Ok(handles)
}

/// What of the earlier preparation can still be used.
async fn reusable(meta: &Meta, work: &Work) -> Result<Handles, Refusal> {
    let stale = meta.is_stale(&work.handles);
    let Some(container) = work.handles.container.as_deref() else {
        let fits = !stale && work.handles.parts.len() <= work.pictures.len();
        return Ok(if fits { work.handles.clone() } else { Handles::default() });
    };
    match status(meta, work, container).await {
        Ok(Status::Published) => Err(ALREADY_PUBLISHED),
        Ok(Status::Finished | Status::InProgress) if !stale => Ok(work.handles.clone()),
        Ok(_) => Ok(Handles::default()),
        Err(failure) if failure.is_missing() && !is_young(meta, work) => Ok(Handles::default()),
        Err(failure) => Err(read_again(meta, work, &failure)),
    }
}

/// The container is public although no publication was recorded: it must never be built again.
const ALREADY_PUBLISHED: Refusal = Refusal::of(Reason::Duplicate, Remedy::GiveUp);

fn child(picture: &Picture) -> Vec<(&str, &str)> {
    let mut form = vec![("image_url", picture.url.as_str()), ("is_carousel_item", "true")];
    form.extend(picture.alt_text.as_deref().map(|text| ("alt_text", text)));
    form
}

async fn create_parent(meta: &Meta, work: &Work, parts: &[String]) -> Result<String, Refusal> {
    let children = parts.join(",");
    let mut form = Vec::with_capacity(3);
    if let [picture] = &work.pictures[..] {
        form.push(("image_url", picture.url.as_str()));
        form.extend(picture.alt_text.as_deref().map(|text| ("alt_text", text)));
    } else {
        form.extend([("media_type", "CAROUSEL"), ("children", &children)]);
    }
    if !work.caption.is_empty() {
        form.push(("caption", &work.caption));
    }
    create(meta, work, &form).await
}

async fn create(meta: &Meta, work: &Work, form: &[(&str, &str)]) -> Result<String, Refusal> {
    let path = [work.remote_channel.as_str(), "media"];
    let call = Call::post("media", &path, form).on(&work.remote_channel).token(&work.token);
    let container: Node = meta.graph.send(call).await.map_err(|failure| failure.refusal())?;
    container.id.ok_or(Refusal::of(Reason::PlatformUnavailable, Remedy::Retry))
}

/// Whether the container is ready.
pub(crate) async fn check(meta: &Meta, work: &Work) -> Result<Readiness, Refusal> {
    let Some(container) = work.handles.container.as_deref() else { return Err(PREPARATION_LOST) };
    if meta.is_stale(&work.handles) {
        return Err(PREPARATION_LOST);
    }
    match status(meta, work, container).await {
        Ok(Status::Finished) => Ok(Readiness::Ready),
        Ok(Status::InProgress) => Ok(Readiness::Processing),
        Ok(Status::Published) => Err(ALREADY_PUBLISHED),
        Ok(Status::Expired) => Err(PREPARATION_LOST),
        Ok(Status::Failed(refusal)) => Err(refusal),
        Err(failure) if failure.is_missing() && is_young(meta, work) => Ok(Readiness::Processing),
        Err(failure) => Err(read_again(meta, work, &failure)),
    }
}

/// The irreversible call.
pub(crate) async fn publish(meta: &Meta, work: &Work) -> Result<Node, Failure> {
    let Some(container) = work.handles.container.as_deref() else {
        return Err(Failure::Unsent(PREPARATION_LOST));
    };
    let path = [work.remote_channel.as_str(), "media_publish"];
    let form = [("creation_id", container)];
    let call = Call::post("media_publish", &path, &form).on(&work.remote_channel).token(&work.token);
    meta.graph.send(call.irreversible()).await
}

/// Asks the container, and where it is public, the account's list for the id.
pub(crate) async fn find(meta: &Meta, work: &Work) -> Finding {
    let Some(container) = work.handles.container.as_deref() else {
        return Finding::NotLive { definite: true };
    };
    match status(meta, work, container).await {
        Ok(Status::Published) => find_id(meta, work).await,
        Ok(Status::InProgress) => Finding::NotLive { definite: false },
        Ok(Status::Finished | Status::Expired | Status::Failed(_)) => Finding::NotLive { definite: true },
        Err(failure) => cannot_look(&failure),
    }
}

/// The one medium with this caption within the window that belongs to no other publication; never simply the newest.
/// Where the list cannot be read to its end there is no such medium: the container already says that it is live. A limit
/// says when to look again.
async fn find_id(meta: &Meta, work: &Work) -> Finding {
    let Some(window) = Window::of(work) else { return Finding::LiveWithoutId };
    let since = window.since().timestamp().to_string();
    let path = [work.remote_channel.as_str(), "media"];
    let mut tally = Tally::default();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let fields = "id,caption,timestamp,media_product_type,permalink";
        let mut query = vec![("fields", fields), ("since", &since), ("limit", PAGE_SIZE)];
        query.extend(after.as_deref().map(|cursor| ("after", cursor)));
        let call = Call::get("ig_media_list", &path).query(&query);
        let call = call.on(&work.remote_channel).token(&work.token);
        let media: List<Medium> = match meta.graph.send(call).await {
            Ok(media) => media,
            Err(failure) => return limit(&failure).map_or(Finding::LiveWithoutId, Finding::Refused),
        };
        for medium in &media.data {
            tally.add(work, medium.fit(work, window), medium.live());
        }
        if !media.has_more() {
            return tally.unique().map_or(Finding::LiveWithoutId, Finding::Live);
        }
        after = media.after();
        if after.is_none() {
            break;
        }
    }
    Finding::LiveWithoutId
}

/// A published medium, as far as it is evidence.
#[derive(Deserialize)]
struct Medium {
    #[serde(default, deserialize_with = "decode::id")]
    id: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    caption: Option<String>,
    #[serde(default, deserialize_with = "decode::instant")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "decode::text")]
    media_product_type: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    permalink: Option<String>,
}

impl Medium {
    fn live(&self) -> Option<Live> {
        let permalink = self.permalink.as_deref().and_then(web_address);
        self.id.clone().map(|id| Live { id, permalink })
    }

    fn fit(&self, work: &Work, window: Window) -> Fit {
        let in_feed = self.media_product_type.as_deref().is_none_or(|kind| kind == "FEED");
        if in_feed && self.timestamp.is_some() && same_text(&work.caption, self.caption.as_deref()) {
            window.fit(self.timestamp)
        } else {
            Fit::No
        }
    }
}

/// What a container says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    InProgress,
    Finished,
    Published,
    Expired,
    Failed(Refusal),
}

#[derive(Deserialize)]
struct ContainerAnswer {
    #[serde(default, deserialize_with = "decode::text")]
    status_code: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    status: Option<String>,
}

async fn status(meta: &Meta, work: &Work, container: &str) -> Result<Status, Failure> {
    let path = [container];
    let query = [("fields", "status_code,status")];
    let call = Call::get("container_status", &path).query(&query);
    let answer: ContainerAnswer = meta.graph.send(call.on(&work.remote_channel).token(&work.token)).await?;
    let unreadable = PlatformCode { status: Some(200), ..PlatformCode::default() };
    answer.read().ok_or(Failure::Unanswered(unreadable))
}

impl ContainerAnswer {
    /// Meta leaves the code empty at times; then the text's first word says the same.
    fn read(&self) -> Option<Status> {
        let text = self.status.as_deref().unwrap_or_default();
        let word = text.split(':').next().unwrap_or_default();
        match self.status_code.as_deref().unwrap_or(word) {
            "IN_PROGRESS" | "In Progress" => Some(Status::InProgress),
            "FINISHED" | "Finished" => Some(Status::Finished),
            "PUBLISHED" | "Published" => Some(Status::Published),
            "EXPIRED" | "Expired" => Some(Status::Expired),
            "ERROR" | "Error" => Some(Status::Failed(failed(text))),
            _ => None,
        }
    }
}

/// A failed container: the text ends in Instagram's subcode, or names none, and then a new container may do better.
fn failed(text: &str) -> Refusal {
    let subcode = text.rsplit(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok());
    let mut refusal = subcode
        .and_then(meaning_of_subcode)
        .map_or(PREPARATION_LOST, |meaning| Refusal::of(meaning.reason, meaning.remedy));
    if refusal.remedy == Remedy::Retry {
        // Asking the same container again changes nothing.
        refusal.remedy = Remedy::PrepareAgain;
    }
    refusal.code.subcode = subcode;
    refusal
}

/// What a status that could not be read means. A container that is not there any more is made anew.
fn read_again(meta: &Meta, work: &Work, failure: &Failure) -> Refusal {
    let refusal = failure.refusal();
    match (failure.is_missing(), is_young(meta, work)) {
        (false, _) => refusal,
        (true, true) => Refusal { reason: Reason::PlatformUnavailable, remedy: Remedy::Retry, ..refusal },
        (true, false) => Refusal { code: refusal.code, ..PREPARATION_LOST },
    }
}

fn is_young(meta: &Meta, work: &Work) -> bool {
    work.handles.since.is_none_or(|since| meta.clock.now() - since < YOUNG)
}
