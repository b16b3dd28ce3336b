//! `POST /{page}/photos`: one photo, published or only uploaded.

use serde_json::json;

use super::{feed, schedule};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::auth::Actor;
use crate::graph::error::missing;
use crate::graph::scene::Scene;
use crate::ledger::{Appearance, Piece, What};
use crate::world::post::{Photo, Post};
use crate::world::{Id, Kind};

/// Keeps the photo that was fetched or received, and publishes it unless told otherwise.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let page = scene.id();
    let actor = scene.publisher(page)?;
    schedule::refuse(scene)?;
    let picture = scene.picture.clone().ok_or_else(|| missing("url"))?;
    let text = |name: &str| scene.param(name).map(str::to_owned);
    let caption = text("caption").or_else(|| text("message")).or_else(|| text("name"));
    let alt_text = text("alt_text_custom");
    let published = scene.call.params.flag("published").unwrap_or(true);
    let photo = Photo {
        id: scene.world.fresh(Kind::Photo),
        page,
        caption: caption.clone(),
        alt_text,
        picture,
        created_ms: scene.now,
        post: None,
        published,
    };
    let photo_id = photo.id;
    if published || !scene.twist.vanish {
        scene.world.photos.insert(photo_id, photo);
    }
    let story = published && !scene.call.params.flag("no_story").unwrap_or(false);
    if published && !story {
        record_alone(scene, photo_id, actor);
    }
    if !story {
        return Ok(Answer::Json(json!({ "id": photo_id.to_string() })));
    }
    let post = story_of(scene, page, caption, photo_id, actor);
    let wire_id = post.wire_id();
    feed::keep(scene, post, What::Photo, actor);
    Ok(Answer::Json(json!({ "id": photo_id.to_string(), "post_id": wire_id })))
}

/// A published photo without a story is visible in the album only; the ledger knows it by its own id.
fn record_alone(scene: &Scene, photo: Id, actor: Actor) {
    let Some(photo) = scene.world.photos.get(&photo) else { return };
    let piece = Piece { picture: photo.picture.clone(), alt_text: photo.alt_text.clone() };
    scene.ledger.record(Appearance {
        at_ms: scene.now,
        what: What::Photo,
        account: photo.page,
        object: photo.id.to_string(),
        text: photo.caption.clone(),
        link: None,
        media: vec![piece],
        app: actor.app,
        token: actor.token,
        token_owner: photo.page,
    });
}

fn story_of(scene: &mut Scene, page: Id, caption: Option<String>, photo: Id, actor: Actor) -> Post {
    Post {
        id: scene.world.fresh(Kind::Post),
        page,
        message: caption,
        link: None,
        photos: vec![photo],
        created_ms: scene.now,
        updated_ms: scene.now,
        listed_ms: scene.listed_ms(),
        published: true,
        app: actor.app,
        entry: None,
    }
}
