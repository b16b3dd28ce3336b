//! `GET`, `POST` and `DELETE /{page}_{post}`.

use serde_json::{Map, Value, json};

use super::feed::record;
use super::schedule;
use crate::clock;
use crate::graph::answer::{Outcome, success};
use crate::graph::error::{GraphError, may_not_post, no_such_object};
use crate::graph::scene::Scene;
use crate::graph::shape::POST;
use crate::ledger::What;
use crate::world::post::Post;
use crate::world::{Id, World};

fn page_of(scene: &Scene) -> Result<Id, GraphError> {
    let text = scene.call.path.first().map(String::as_str).unwrap_or_default();
    let post = scene.world.posts.get(&scene.id());
    let named = text.split_once('_').map(|(page, _)| page.to_owned());
    let right = post.filter(|post| named.is_none_or(|page| page == post.page.to_string()));
    right.map(|post| post.page).ok_or_else(|| no_such_object(scene.call.method.as_str(), text))
}

/// Shows a post.
pub(crate) fn get(scene: &mut Scene) -> Outcome {
    let page = page_of(scene)?;
    scene.reader(page)?;
    show(scene, scene.id())
}

/// Answers a post that the caller may see.
pub(crate) fn show(scene: &Scene, id: Id) -> Outcome {
    let post = scene.world.posts.get(&id).ok_or_else(|| no_such_object("GET", id))?;
    scene.node(&POST, node(scene.world, post, scene.base))
}

/// A whole post.
pub(crate) fn node(world: &World, post: &Post, base: &str) -> Map<String, Value> {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Value| whole.insert(name.to_owned(), value);
    let page = world.pages.get(&post.page);
    let app = world.apps.get(&post.app);
    put("id", json!(post.wire_id()));
    put("created_time", json!(clock::print(post.created_ms)));
    put("updated_time", json!(clock::print(post.updated_ms)));
    put("permalink_url", json!(format!("{base}/_sandbox/timeline/{}#{}", post.page, post.wire_id())));
    put("is_published", json!(post.published));
    put("is_hidden", json!(false));
    put("application", json!({ "id": post.app.to_string(), "name": app.map(|app| &app.name) }));
    put("from", json!({ "id": post.page.to_string(), "name": page.map(|page| &page.name) }));
    put("status_type", json!(status_type(post)));
    for edge in ["comments", "reactions", "likes"] {
        put(edge, json!({ "data": [], "summary": { "total_count": 0 } }));
    }
    if let Some(message) = &post.message {
        put("message", json!(message));
    }
    let attachments = attachments(world, post, base);
    if let Some(picture) = attachments.pointer("/0/media/image/src") {
        put("full_picture", picture.clone());
    }
    if attachments.as_array().is_some_and(|list| !list.is_empty()) {
        put("attachments", json!({ "data": attachments }));
    }
    whole
}

fn status_type(post: &Post) -> &'static str {
    match (post.photos.is_empty(), &post.link) {
        (false, _) => "added_photos",
        (true, Some(_)) => "shared_story",
        (true, None) => "mobile_status_update",
    }
}

/// One photo is an attachment, several are one attachment with subattachments, a link is one of its own.
fn attachments(world: &World, post: &Post, base: &str) -> Value {
    let photos: Vec<Value> = post.photos.iter().filter_map(|id| photo(world, *id, base)).collect();
    match (photos.len(), &post.link) {
        (0, None) => json!([]),
        (0, Some(link)) => {
            json!([{ "type": "share", "url": link, "unshimmed_url": link, "target": { "url": link } }])
        }
        (1, _) => Value::Array(photos),
        _ => {
            let media = photos[0]["media"].clone();
            let target = json!({ "id": post.id.to_string() });
            json!([{ "type": "album", "media": media, "target": target, "subattachments": { "data": photos } }])
        }
    }
}

fn photo(world: &World, id: Id, base: &str) -> Option<Value> {
    let photo = world.photos.get(&id)?;
    let sha256 = photo.picture.sha256.as_deref().unwrap_or("none");
    let source = format!("{base}/_sandbox/media/{sha256}");
    let image = json!({ "src": source, "width": photo.picture.width, "height": photo.picture.height });
    let target = json!({ "id": id.to_string(), "url": source });
    Some(
        json!({ "type": "photo", "description": photo.caption, "media": { "image": image }, "target": target, "url": source }),
    )
}

/// Changes the text, or publishes an unpublished post. Only the app that made a post may change it.
pub(crate) fn edit(scene: &mut Scene) -> Outcome {
    let page = page_of(scene)?;
    let actor = scene.publisher(page)?;
    schedule::refuse(scene)?;
    let (id, now, listed) = (scene.id(), scene.now, scene.listed_ms());
    let message = scene.param("message").map(str::to_owned);
    let publish = scene.call.params.flag("is_published").unwrap_or(false);
    let allowed = scene.switches.publish_unpublished_post;
    let post =
        scene.world.posts.get_mut(&id).filter(|post| post.app == actor.app).ok_or_else(may_not_post)?;
    let goes_live = publish && !post.published;
    if goes_live && !allowed {
        return Err(GraphError::new(100, "(#100) Param is_published cannot be changed"));
    }
    let edited = message.as_deref().is_some_and(|text| post.message.as_deref() != Some(text));
    if message.is_some() {
        post.message = message;
    }
    post.updated_ms = now;
    if goes_live {
        (post.published, post.created_ms, post.listed_ms) = (true, now, listed);
    }
    let photos = if goes_live { post.photos.clone() } else { Vec::new() };
    for photo in photos {
        if let Some(photo) = scene.world.photos.get_mut(&photo) {
            photo.published = true;
        }
    }
    write_down(scene, id, goes_live, edited, actor);
    Ok(success())
}

fn write_down(scene: &mut Scene, id: Id, goes_live: bool, edited: bool, actor: crate::graph::auth::Actor) {
    let Some(post) = scene.world.posts.get(&id).filter(|post| post.published) else { return };
    if goes_live {
        let entry = record(scene, post, What::Post, actor);
        if let Some(post) = scene.world.posts.get_mut(&id) {
            post.entry = Some(entry);
        }
    } else if edited {
        record(scene, post, What::Edit, actor);
    }
}

/// Deletes a post.
pub(crate) fn delete(scene: &mut Scene) -> Outcome {
    let page = page_of(scene)?;
    scene.publisher(page)?;
    take_down(scene, scene.id());
    Ok(success())
}

/// Takes a post out of the world and notes it in the ledger.
pub(crate) fn take_down(scene: &mut Scene, id: Id) {
    let Some(post) = scene.world.posts.remove(&id) else { return };
    for photo in &post.photos {
        scene.world.photos.remove(photo);
    }
    if let Some(entry) = post.entry {
        scene.ledger.remove(entry, scene.now);
    }
}
