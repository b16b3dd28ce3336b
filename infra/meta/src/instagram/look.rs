//! What became of a call to publish: the container knows, else the account's list.

use chrono::{DateTime, Utc};
use publishing::{
    platform::Format,
    publisher::{Finding, Live, Work},
    refusal::PlatformCode,
};
use serde::Deserialize;

use super::container::{Status, is_young, status};
use crate::{
    Meta,
    call::Call,
    decode::{self, List},
    evidence::{Fit, Tally, Window, same_text},
    failure::Failure,
    publisher::{cannot_look, limit, web_address},
};

/// Media per page of the list.
const PAGE_SIZE: &str = "100";
/// Pages looked through before giving up.
const MOST_PAGES: usize = 10;

/// Asks the container, then the account's list: where the container is public, for the id; where it can no longer be
/// published, whether the post is there all the same.
pub(crate) async fn find(meta: &Meta, work: &Work) -> Finding {
    match ask_container(meta, work).await {
        Finding::LiveWithoutId => find_id(meta, work).await,
        Finding::Gone => find_without_container(meta, work).await,
        other => other,
    }
}

/// What the container says of itself. `Finding::Gone`: it has expired, failed or vanished, and no list was read yet.
pub(crate) async fn ask_container(meta: &Meta, work: &Work) -> Finding {
    let Some(container) = work.handles.container.as_deref() else {
        return Finding::NotLive { definite: true };
    };
    match status(meta, work, container).await {
        Ok(Status::Published) => Finding::LiveWithoutId,
        Ok(Status::InProgress) => Finding::NotLive { definite: false },
        Ok(Status::Finished) => Finding::NotLive { definite: true },
        Ok(Status::Expired | Status::Failed(_)) => Finding::Gone,
        Err(failure) if failure.is_missing() && !is_young(meta, work) => Finding::Gone,
        Err(failure) => cannot_look(&failure),
    }
}

/// The one medium with this caption within the window that belongs to no other publication; never simply the newest.
/// Where the list cannot be read to its end there is no such medium: the container already says that it is live. A limit
/// says when to look again.
async fn find_id(meta: &Meta, work: &Work) -> Finding {
    match seen(meta, work).await {
        Ok(Some(tally)) => tally.unique().map_or(Finding::LiveWithoutId, Finding::Live),
        Ok(None) => Finding::LiveWithoutId,
        Err(failure) => limit(&failure).map_or(Finding::LiveWithoutId, Finding::Refused),
    }
}

/// Without its container a post is either in the account's list or not public. Whatever appeared there since the permit
/// and belongs to no other publication may be it; a picture without words is like any other.
async fn find_without_container(meta: &Meta, work: &Work) -> Finding {
    let nobody_knows = Finding::CannotTell(PlatformCode::default());
    match seen(meta, work).await {
        Ok(Some(tally)) => match tally.finding() {
            Finding::NotLive { .. } => Finding::Gone,
            Finding::Live(_) if work.caption.trim().is_empty() => nobody_knows,
            other => other,
        },
        Ok(None) => nobody_knows,
        Err(failure) => cannot_look(&failure),
    }
}

/// What the account's list shows since the permit. `None` where it could not be read to its end.
async fn seen(meta: &Meta, work: &Work) -> Result<Option<Tally>, Failure> {
    let Some(window) = Window::of(work) else { return Ok(None) };
    let since = window.since().timestamp().to_string();
    let path = [work.remote_channel.as_str(), "media"];
    let mut tally = Tally::default();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let fields = "id,caption,timestamp,media_type,media_product_type,permalink";
        let mut query = vec![("fields", fields), ("since", &since), ("limit", PAGE_SIZE)];
        query.extend(after.as_deref().map(|cursor| ("after", cursor)));
        let call = Call::get("ig_media_list", &path).query(&query);
        let media: List<Medium> = meta.graph.send(call.on(&work.remote_channel).token(&work.token)).await?;
        for medium in &media.data {
            tally.add(work, medium.fit(work, window), medium.live());
        }
        if !media.has_more() {
            return Ok(Some(tally));
        }
        after = media.after();
        if after.is_none() {
            break;
        }
    }
    Ok(None)
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
    media_type: Option<String>,
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

    /// The caption must be exact. One that differs may have been changed since, so whatever appeared since the permit is no
    /// proof of absence.
    fn fit(&self, work: &Work, window: Window) -> Fit {
        let kind = if work.format() == Format::Photos { "CAROUSEL_ALBUM" } else { "IMAGE" };
        let differs = |shown: Option<&str>, ours| shown.is_some_and(|shown| shown != ours);
        let in_time = window.fit(self.timestamp);
        if in_time == Fit::No
            || differs(self.media_product_type.as_deref(), "FEED")
            || differs(self.media_type.as_deref(), kind)
        {
            return Fit::No;
        }
        match (same_text(&work.caption, self.caption.as_deref()), in_time) {
            _ if self.timestamp.is_none() => Fit::Perhaps,
            (true, in_time) => in_time,
            (false, Fit::Yes) => Fit::Perhaps,
            (false, _) => Fit::No,
        }
    }
}
