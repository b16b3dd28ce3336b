//! `POST /{page}/feed`: text, link, several photos.

use serde_json::json;
use url::Url;

use super::{attach, post, schedule};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::auth::Actor;
use crate::graph::error::GraphError;
use crate::graph::scene::Scene;
use crate::graph::shape::POST;
use crate::ledger::{Appearance, Piece, What};
use crate::world::post::Post;
use crate::world::{Id, Kind};

/// Longest text; not in the documents, but what clients were told.
const LONGEST: usize = 63_206;

/// Publishes, or makes an unpublished post. With `fields` the new post is answered, else its id.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let page = scene.id();
    let actor = scene.publisher(page)?;
    let text = |name: &str| scene.param(name).map(str::to_owned);
    let (message, link) = (text("message"), text("link"));
    attach::vanish(scene, page);
    let photos = attach::photos(scene, page)?;
    let published = scene.call.params.flag("published").unwrap_or(true);
    check(scene, message.as_deref(), link.as_deref(), photos.is_empty())?;
    if published && photos.is_empty() {
        refuse_identical(scene, page, message.as_deref(), link.as_deref())?;
    }
    let fields = scene.wanted(&POST)?;
    let post = Post {
        id: scene.world.fresh(Kind::Post),
        page,
        message,
        link,
        photos,
        created_ms: scene.now,
        updated_ms: scene.now,
        listed_ms: scene.listed_ms(),
        published,
        app: actor.app,
        entry: None,
    };
    let (id, wire_id) = (post.id, post.wire_id());
    keep(scene, post, What::Post, actor);
    if fields.is_empty() { Ok(Answer::Json(json!({ "id": wire_id }))) } else { post::show(scene, id) }
}

fn check(
    scene: &Scene,
    message: Option<&str>,
    link: Option<&str>,
    no_photos: bool,
) -> Result<(), GraphError> {
    if message.is_none() && link.is_none() && no_photos {
        return Err(GraphError::new(100, "(#100) Missing message or attachment"));
    }
    if message.is_some_and(|text| text.chars().count() > LONGEST) {
        return Err(GraphError::new(100, "(#100) Param message must be no longer than 63206 characters"));
    }
    schedule::refuse(scene)?;
    link.map_or(Ok(()), check_link)
}

/// The link's form; whether the platform could read the page behind it is not checked.
fn check_link(link: &str) -> Result<(), GraphError> {
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = url.as_ref().and_then(Url::host_str);
    match host {
        None => Err(GraphError::new(100, "(#100) link URL is not properly formatted").sub(2_061_006)),
        Some(host) if host == "facebook.com" || host.ends_with(".facebook.com") => {
            Err(GraphError::new(100, "(#100) The URL you supplied is not allowed").sub(1_609_008))
        }
        Some(_) => Ok(()),
    }
}

fn refuse_identical(
    scene: &Scene,
    page: Id,
    message: Option<&str>,
    link: Option<&str>,
) -> Result<(), GraphError> {
    let newest = scene.world.newest_post(page);
    if !scene.switches.refuse_identical_posts || !newest.is_some_and(|post| post.says_the_same(message, link))
    {
        return Ok(());
    }
    Err(GraphError { kind: "FacebookApiException", ..GraphError::new(506, "Duplicate status message") }
        .sub(1_455_006)
        .user(
            "Duplicate Status Update",
            "This status update is identical to the last one you posted. Try posting something different, or delete \
             your previous update.",
        ))
}

/// Keeps a new post; a published one is written into the ledger.
pub(crate) fn keep(scene: &mut Scene, mut post: Post, what: What, actor: Actor) {
    let id = post.id;
    for photo in &post.photos {
        if let Some(photo) = scene.world.photos.get_mut(photo) {
            photo.post = Some(id);
            photo.published = post.published;
        }
    }
    if post.published {
        post.entry = Some(record(scene, &post, what, actor));
    }
    if let Some(page) = scene.world.pages.get_mut(&post.page) {
        page.posts.push(id);
    }
    scene.world.posts.insert(id, post);
}

/// Writes a post that became visible into the ledger.
pub(crate) fn record(scene: &Scene, post: &Post, what: What, actor: Actor) -> u64 {
    let piece = |id: &Id| {
        let photo = scene.world.photos.get(id)?;
        Some(Piece { picture: photo.picture.clone(), alt_text: photo.alt_text.clone() })
    };
    scene.ledger.record(Appearance {
        at_ms: scene.now,
        what,
        account: post.page,
        object: post.wire_id(),
        text: post.message.clone(),
        link: post.link.clone(),
        media: post.photos.iter().filter_map(piece).collect(),
        app: actor.app,
        token: actor.token,
        token_owner: actor.holder.page().unwrap_or(actor.holder.person()),
    })
}
