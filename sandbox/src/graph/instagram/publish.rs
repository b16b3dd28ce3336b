//! `POST /{ig}/media_publish`.

use serde_json::json;

use super::container::{PUBLISH, expired, not_ready};
use super::{limit, status};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::auth::Actor;
use crate::graph::error::{GraphError, missing};
use crate::graph::scene::Scene;
use crate::ledger::{Appearance, Piece, What};
use crate::switches::SecondPublish;
use crate::world::container::Progress;
use crate::world::media::Media;
use crate::world::{Id, Kind};

/// Publishes a container.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let account = scene.id();
    let actor = scene.instagrammer(account, &PUBLISH)?;
    let creation = scene.param("creation_id").ok_or_else(|| missing("creation_id"))?;
    let creation =
        creation.parse().map_err(|_| GraphError::new(100, "(#100) Param creation_id must be an id"))?;
    status::bend(scene, creation);
    let container =
        scene.world.containers.get(&creation).filter(|it| it.account == account).ok_or_else(expired)?;
    match container.progress(scene.now) {
        Progress::Building(_) | Progress::Failed(_) => return Err(not_ready()),
        Progress::Expired => return Err(expired()),
        Progress::Published(media) => match scene.switches.second_publish {
            SecondPublish::Error => {
                return Err(GraphError::new(100, "(#100) The media has already been published"));
            }
            SecondPublish::SameId => return Ok(id_answer(media)),
            SecondPublish::NewMedia => {}
        },
        Progress::Ready if container.child => {
            return Err(GraphError::new(100, "(#100) A carousel item cannot be published by itself"));
        }
        Progress::Ready => {}
    }
    limit::check_quota(scene, account)?;
    Ok(id_answer(publish(scene, account, creation, actor)))
}

fn id_answer(id: Id) -> Answer {
    Answer::Json(json!({ "id": id.to_string() }))
}

fn publish(scene: &mut Scene, account: Id, creation: Id, actor: Actor) -> Id {
    let id = scene.world.fresh(Kind::Media);
    let children = scene.world.containers.get(&creation).map(|it| it.children.clone()).unwrap_or_default();
    let children: Vec<Id> = children.into_iter().map(|child| add_child(scene, account, id, child)).collect();
    let mut media = media_of(scene, id, account, creation);
    if let Some(first) = children.first().and_then(|child| scene.world.media.get(child)) {
        media.picture.clone_from(&first.picture);
    }
    media.children = children;
    media.entry = Some(record(scene, &media, actor));
    scene.world.media.insert(id, media);
    if let Some(container) = scene.world.containers.get_mut(&creation) {
        container.progress = Progress::Published(id);
    }
    if let Some(it) = scene.world.accounts.get_mut(&account) {
        it.media.push(id);
        it.publishes.add(scene.now);
    }
    id
}

fn add_child(scene: &mut Scene, account: Id, parent: Id, container: Id) -> Id {
    let id = scene.world.fresh(Kind::Media);
    let mut media = media_of(scene, id, account, container);
    media.parent = Some(parent);
    scene.world.media.insert(id, media);
    if let Some(container) = scene.world.containers.get_mut(&container) {
        container.progress = Progress::Published(id);
    }
    id
}

fn media_of(scene: &Scene, id: Id, account: Id, container: Id) -> Media {
    let container = scene.world.containers.get(&container);
    Media {
        id,
        account,
        caption: container.and_then(|it| it.caption.clone()),
        alt_text: container.and_then(|it| it.alt_text.clone()),
        picture: container.and_then(|it| it.picture.clone()),
        children: Vec::new(),
        parent: None,
        created_ms: scene.now,
        listed_ms: scene.listed_ms(),
        comments_enabled: true,
        entry: None,
    }
}

fn record(scene: &Scene, media: &Media, actor: Actor) -> u64 {
    let piece =
        |media: &Media| Some(Piece { picture: media.picture.clone()?, alt_text: media.alt_text.clone() });
    let pieces = if media.children.is_empty() {
        piece(media).into_iter().collect()
    } else {
        media.children.iter().filter_map(|id| scene.world.media.get(id)).filter_map(piece).collect()
    };
    scene.ledger.record(Appearance {
        at_ms: scene.now,
        what: if media.children.is_empty() { What::Media } else { What::Carousel },
        account: media.account,
        object: media.id.to_string(),
        text: media.caption.clone(),
        link: None,
        media: pieces,
        app: actor.app,
        token: actor.token,
        token_owner: actor.holder.page().unwrap_or(actor.holder.person()),
    })
}
