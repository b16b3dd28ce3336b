//! `GET /{container}`: how far a container is.

use serde_json::{Map, json};

use super::container::PUBLISH;
use crate::graph::answer::Outcome;
use crate::graph::error::no_such_object;
use crate::graph::scene::Scene;
use crate::graph::shape::CONTAINER;
use crate::world::container::Progress;

/// Shows a container. Each look brings one that still processes nearer to its end.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let id = scene.id();
    let account =
        scene.world.containers.get(&id).map(|it| it.account).ok_or_else(|| no_such_object("GET", id))?;
    scene.instagrammer(account, &PUBLISH[..1])?;
    bend(scene, id);
    let now = scene.now;
    let progress = scene
        .world
        .containers
        .get_mut(&id)
        .map(|it| it.look(now))
        .ok_or_else(|| no_such_object("GET", id))?;
    let (code, text) = describe(progress);
    let mut whole = Map::new();
    whole.insert("id".to_owned(), json!(id.to_string()));
    whole.insert("status_code".to_owned(), json!(code));
    whole.insert("status".to_owned(), json!(text));
    scene.node(&CONTAINER, whole)
}

/// Lets a fault remove the container, or change it unless it is published.
pub(crate) fn bend(scene: &mut Scene, id: u64) {
    if scene.twist.vanish {
        scene.world.containers.remove(&id);
    }
    let (Some(progress), Some(container)) = (scene.twist.container, scene.world.containers.get_mut(&id))
    else {
        return;
    };
    if !matches!(container.progress, Progress::Published(_)) {
        container.progress = progress;
    }
}

fn describe(progress: Progress) -> (&'static str, String) {
    match progress {
        Progress::Building(_) => ("IN_PROGRESS", "In Progress: Media is still being processed.".to_owned()),
        Progress::Ready => {
            ("FINISHED", "Finished: Media has been uploaded and it is ready to be published.".to_owned())
        }
        Progress::Published(_) => {
            ("PUBLISHED", "Published: Media has been successfully published.".to_owned())
        }
        Progress::Failed(subcode) => {
            ("ERROR", format!("Error: Media upload has failed with error code {subcode}"))
        }
        Progress::Expired => (
            "EXPIRED",
            "Expired: The container was not published within 24 hours and has expired.".to_owned(),
        ),
    }
}
