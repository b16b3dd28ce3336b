//! `attached_media`: photos that were uploaded unpublished, now shown by one post.

use serde_json::Value;

use crate::clock::DAY;
use crate::graph::error::{GraphError, no_such_object};
use crate::graph::scene::Scene;
use crate::world::Id;

/// The photos a post is to show, checked: they are of this Page, unpublished, unused and not older than a day.
pub(crate) fn photos(scene: &Scene, page: Id) -> Result<Vec<Id>, GraphError> {
    let items = scene.call.params.list("attached_media").unwrap_or_default();
    let most = scene.switches.attached_media_max as usize;
    if most > 0 && items.len() > most {
        return Err(GraphError::new(100, format!("(#100) attached_media must have at most {most} elements")));
    }
    let mut photos = Vec::with_capacity(items.len());
    for item in &items {
        let id = media_fbid(item)?;
        let photo = scene
            .world
            .photos
            .get(&id)
            .filter(|photo| photo.page == page && scene.now - photo.created_ms < DAY);
        let photo = photo.ok_or_else(|| no_such_object("POST", id))?;
        if photo.published || photo.post.is_some() || photos.contains(&id) {
            return Err(already_posted());
        }
        photos.push(id);
    }
    Ok(photos)
}

/// Lets a fault remove the staged photos that the call names.
pub(crate) fn vanish(scene: &mut Scene, page: Id) {
    if !scene.twist.vanish {
        return;
    }
    for item in scene.call.params.list("attached_media").unwrap_or_default() {
        let Ok(id) = media_fbid(&item) else { continue };
        if scene.world.photos.get(&id).is_some_and(|photo| photo.page == page && !photo.published) {
            scene.world.photos.remove(&id);
        }
    }
}

fn media_fbid(item: &str) -> Result<Id, GraphError> {
    let bad =
        || GraphError::new(100, "(#100) Param attached_media must be an array of objects with media_fbid");
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(item) else { return Err(bad()) };
    let id = match object.get("media_fbid") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    id.ok_or_else(bad)
}

fn already_posted() -> GraphError {
    GraphError::new(100, "(#100) These photos were already posted.")
        .sub(1_366_051)
        .user("Photos Already Posted", "These photos were already posted.")
}
