//! Instagram professional accounts: one picture, or a carousel of two to ten.
//!
//! A container is built beforehand and published by one short call. Its status is the truth about that call: `FINISHED`
//! means not published, `PUBLISHED` means live.

mod container;
mod look;
mod quota;

use publishing::{
    platform::Format,
    publisher::{Handles, Notebook, Picture, PrepareError, Readiness, Work},
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};

use self::container::{Status, is_young, status};
pub(crate) use self::{
    look::{ask_container, find},
    quota::Quotas,
};
use crate::{Meta, call::Call, decode::Node, error::Meaning, failure::Failure, publisher::PREPARATION_LOST};

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
        Ok(Status::Finished) => quota::check(meta, work).await.map(|()| Readiness::Ready),
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
    quota::remembered(meta, work).map_err(Failure::Unsent)?;
    let path = [work.remote_channel.as_str(), "media_publish"];
    let form = [("creation_id", container)];
    let call = Call::post("media_publish", &path, &form).on(&work.remote_channel).token(&work.token);
    match meta.graph.send(call.irreversible()).await {
        Err(Failure::Refused(meaning, code)) if is_quota(code) => {
            let remedy = Remedy::Wait(quota::pause(meta, work).await);
            Err(Failure::Refused(Meaning { remedy, ..meaning }, code))
        }
        other => other,
    }
}

/// The posts of the day are used up.
fn is_quota(code: PlatformCode) -> bool {
    (code.code, code.subcode) == (Some(9), Some(2_207_042))
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
