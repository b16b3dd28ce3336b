//! `GET /{ig}/media`.

use serde_json::Value;

use super::container::PUBLISH;
use super::media;
use crate::graph::answer::{Answer, Outcome};
use crate::graph::error::no_such_object;
use crate::graph::paging::{Window, envelope};
use crate::graph::scene::Scene;
use crate::graph::shape::IG_MEDIA;

/// Lists media, newest first; media that lag are not shown yet.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let account = scene.id();
    scene.instagrammer(account, &PUBLISH[..1])?;
    let (window, fields) = (Window::of(scene.call)?, scene.wanted(&IG_MEDIA)?);
    let own = scene.world.accounts.get(&account).ok_or_else(|| no_such_object("GET", account))?;
    let shown = |id: &u64| {
        let media = scene.world.media.get(id);
        media.is_some_and(|media| media.listed_ms <= scene.now && window.covers(media.created_ms))
    };
    let (ids, more) = window.cut(own.media.iter().rev().copied().filter(shown));
    let cut = |id: &u64| -> Option<Value> {
        let whole = media::node(scene.world, scene.world.media.get(id)?, scene.base);
        Some(IG_MEDIA.cut(whole, &fields))
    };
    let items = ids.iter().filter_map(cut).collect();
    Ok(Answer::Json(envelope(scene.call, scene.base, items, &ids, more)))
}
