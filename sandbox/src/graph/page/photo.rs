//! `GET` and `DELETE /{photo}`.

use serde_json::{Map, json};

use crate::clock;
use crate::graph::answer::{Outcome, success};
use crate::graph::error::no_such_object;
use crate::graph::scene::Scene;
use crate::graph::shape::PHOTO;

/// Shows a photo.
pub(crate) fn get(scene: &mut Scene) -> Outcome {
    let gone = || no_such_object("GET", scene.id());
    let page = scene.world.photos.get(&scene.id()).map(|photo| photo.page).ok_or_else(gone)?;
    scene.reader(page)?;
    let photo = scene.world.photos.get(&scene.id()).ok_or_else(gone)?;
    let mut whole = Map::new();
    whole.insert("id".to_owned(), json!(photo.id.to_string()));
    whole.insert("created_time".to_owned(), json!(clock::print(photo.created_ms)));
    whole.insert("link".to_owned(), json!(format!("{}/_sandbox/timeline/{page}", scene.base)));
    whole.insert("width".to_owned(), json!(photo.picture.width));
    whole.insert("height".to_owned(), json!(photo.picture.height));
    if let Some(caption) = &photo.caption {
        whole.insert("name".to_owned(), json!(caption));
    }
    if let Some(alt) = &photo.alt_text {
        whole.insert("alt_text".to_owned(), json!(alt));
        whole.insert("alt_text_custom".to_owned(), json!(alt));
    }
    if let Some(sha256) = &photo.picture.sha256 {
        let source = format!("{}/_sandbox/media/{sha256}", scene.base);
        let image = json!({ "source": source, "width": photo.picture.width, "height": photo.picture.height });
        whole.insert("source".to_owned(), json!(source));
        whole.insert("images".to_owned(), json!([image]));
    }
    if let Some(post) = photo.post {
        whole.insert("page_story_id".to_owned(), json!(format!("{page}_{post}")));
    }
    scene.node(&PHOTO, whole)
}

/// Deletes a photo, and the post that shows nothing else.
pub(crate) fn delete(scene: &mut Scene) -> Outcome {
    let id = scene.id();
    let photo = scene.world.photos.get(&id).map(|photo| (photo.page, photo.post));
    let (page, post) = photo.ok_or_else(|| no_such_object("DELETE", id))?;
    scene.publisher(page)?;
    scene.world.photos.remove(&id);
    if let Some(post) = post {
        let shown = scene.world.posts.get_mut(&post);
        let alone = shown.is_some_and(|post| {
            post.photos.retain(|photo| *photo != id);
            post.photos.is_empty()
        });
        if alone {
            super::post::take_down(scene, post);
        }
    }
    Ok(success())
}
