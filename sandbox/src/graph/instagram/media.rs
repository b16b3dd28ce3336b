//! `GET`, `POST` and `DELETE /{media}`, `GET /{media}/children`.

use serde_json::{Map, Value, json};

use super::container::PUBLISH;
use crate::clock;
use crate::graph::answer::{Answer, Outcome, success};
use crate::graph::error::{GraphError, missing, no_such_object};
use crate::graph::scene::Scene;
use crate::graph::shape::IG_MEDIA;
use crate::world::media::Media;
use crate::world::{Id, World};

fn account_of(scene: &Scene) -> Result<Id, GraphError> {
    let media = scene.world.media.get(&scene.id());
    media.map(|media| media.account).ok_or_else(|| no_such_object(scene.call.method.as_str(), scene.id()))
}

/// Shows a media object.
pub(crate) fn get(scene: &mut Scene) -> Outcome {
    scene.instagrammer(account_of(scene)?, &PUBLISH[..1])?;
    let media = scene.world.media.get(&scene.id()).ok_or_else(|| no_such_object("GET", scene.id()))?;
    scene.node(&IG_MEDIA, node(scene.world, media, scene.base))
}

/// Lists the pictures of a carousel.
pub(crate) fn children(scene: &mut Scene) -> Outcome {
    scene.instagrammer(account_of(scene)?, &PUBLISH[..1])?;
    let fields = scene.wanted(&IG_MEDIA)?;
    let media = scene.world.media.get(&scene.id()).ok_or_else(|| no_such_object("GET", scene.id()))?;
    let children = media.children.iter().filter_map(|id| scene.world.media.get(id));
    let items = children.map(|child| IG_MEDIA.cut(node(scene.world, child, scene.base), &fields));
    let items: Vec<Value> = items.collect();
    Ok(Answer::Json(json!({ "data": items })))
}

/// Opens or closes comments; captions cannot be changed.
pub(crate) fn edit(scene: &mut Scene) -> Outcome {
    scene.instagrammer(account_of(scene)?, &["instagram_basic", "instagram_manage_comments"])?;
    let enabled = scene.call.params.flag("comment_enabled").ok_or_else(|| missing("comment_enabled"))?;
    if let Some(media) = scene.world.media.get_mut(&scene.target.id) {
        media.comments_enabled = enabled;
    }
    Ok(success())
}

/// Deletes a media object with its children. A picture of a carousel cannot be deleted by itself.
pub(crate) fn delete(scene: &mut Scene) -> Outcome {
    let id = scene.id();
    scene.instagrammer(account_of(scene)?, &["instagram_basic", "instagram_manage_contents"])?;
    if scene.world.media.get(&id).is_some_and(|media| media.parent.is_some()) {
        return Err(GraphError { status: 400, ..GraphError::new(-1, "Fatal") }.sub(2_207_073));
    }
    if let Some(media) = scene.world.media.remove(&id) {
        for child in media.children {
            scene.world.media.remove(&child);
        }
        if let Some(entry) = media.entry {
            scene.ledger.remove(entry, scene.now);
        }
    }
    Ok(Answer::Json(json!({ "success": true, "deleted_id": id.to_string() })))
}

/// A whole media object. A carousel lists its children.
pub(crate) fn node(world: &World, media: &Media, base: &str) -> Map<String, Value> {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Value| whole.insert(name.to_owned(), value);
    let account = world.accounts.get(&media.account);
    put("id", json!(media.id.to_string()));
    put("ig_id", json!(media.id.to_string()));
    put("media_type", json!(if media.children.is_empty() { "IMAGE" } else { "CAROUSEL_ALBUM" }));
    put("media_product_type", json!("FEED"));
    put("timestamp", json!(clock::print(media.created_ms)));
    put("shortcode", json!(media.shortcode()));
    let shown = media.parent.unwrap_or(media.id);
    put("permalink", json!(format!("{base}/_sandbox/timeline/{}#{shown}", media.account)));
    put("owner", json!({ "id": media.account.to_string() }));
    put("username", json!(account.map(|it| &it.username)));
    put("is_comment_enabled", json!(media.comments_enabled));
    put("like_count", json!(0));
    put("comments_count", json!(0));
    put("comments", json!({ "data": [] }));
    if let Some(caption) = &media.caption {
        put("caption", json!(caption));
    }
    if let Some(alt) = &media.alt_text {
        put("alt_text", json!(alt));
    }
    if let Some(sha256) = media.picture.as_ref().and_then(|it| it.sha256.as_deref()) {
        put("media_url", json!(format!("{base}/_sandbox/media/{sha256}")));
    }
    if !media.children.is_empty() {
        let children = media.children.iter().filter_map(|id| world.media.get(id));
        let nodes: Vec<Value> = children.map(|child| Value::Object(node(world, child, base))).collect();
        put("children", json!({ "data": nodes }));
    }
    whole
}
