//! `GET /{page}/feed`, `/posts` and `/published_posts`.

use serde_json::Value;

use super::post;
use crate::graph::answer::{Answer, Outcome};
use crate::graph::error::no_such_object;
use crate::graph::paging::{Window, envelope};
use crate::graph::scene::Scene;
use crate::graph::shape::POST;

/// Lists posts, newest first. `/feed` shows unpublished posts too; posts that lag are not shown yet.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let page = scene.id();
    scene.reader(page)?;
    let (window, fields) = (Window::of(scene.call)?, scene.wanted(&POST)?);
    let everything = scene.call.path.get(1).is_some_and(|edge| edge == "feed");
    let own = scene.world.pages.get(&page).ok_or_else(|| no_such_object("GET", page))?;
    let shown = |id: &u64| {
        let post = scene.world.posts.get(id);
        post.is_some_and(|post| {
            (post.published || everything) && post.listed_ms <= scene.now && window.covers(post.created_ms)
        })
    };
    let (ids, more) = window.cut(own.posts.iter().rev().copied().filter(shown));
    let cut = |id: &u64| -> Option<Value> {
        let post = scene.world.posts.get(id)?;
        Some(POST.cut(post::node(scene.world, post, scene.base), &fields))
    };
    let items = ids.iter().filter_map(cut).collect();
    Ok(Answer::Json(envelope(scene.call, scene.base, items, &ids, more)))
}
