//! `POST /{ig}/media`: makes a container of one image, or of up to ten containers.

use serde_json::json;

use super::{caption, limit};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::error::{GraphError, no_such_object};
use crate::graph::scene::Scene;
use crate::world::container::{Container, Progress};
use crate::world::picture::Picture;
use crate::world::{Id, Kind};

/// Permissions for everything that publishes.
pub(crate) const PUBLISH: [&str; 2] = ["instagram_basic", "instagram_content_publish"];

/// Makes a container. The picture was fetched before, as the platform does while the call lasts.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let account = scene.id();
    scene.instagrammer(account, &PUBLISH)?;
    let text = |name: &str| scene.param(name).map(str::to_owned);
    let (caption, alt_text) = (text("caption"), text("alt_text"));
    caption.as_deref().map_or(Ok(()), caption::check)?;
    alt_text.as_deref().map_or(Ok(()), caption::check_alt_text)?;
    limit::check_containers(scene, account)?;
    let carousel = scene.param("media_type") == Some("CAROUSEL");
    let children = if carousel { children(scene, account)? } else { Vec::new() };
    let picture = if carousel { None } else { Some(picture(scene)?) };
    // Clients in use send `is_carousel`, and the platform takes their carousels.
    let marked = |name| scene.call.params.flag(name).unwrap_or(false);
    let child = !carousel && (marked("is_carousel_item") || marked("is_carousel"));
    let container = Container {
        id: scene.world.fresh(Kind::Container),
        account,
        // The children of a carousel carry no caption.
        caption: caption.filter(|_| !child),
        alt_text,
        picture,
        children,
        child,
        created_ms: scene.now,
        progress: scene.twist.container.unwrap_or(Progress::Ready),
    };
    if let Some(it) = scene.world.accounts.get_mut(&account) {
        it.containers.add(scene.now);
    }
    let id = container.id;
    if !scene.twist.vanish {
        scene.world.containers.insert(id, container);
    }
    Ok(Answer::Json(json!({ "id": id.to_string() })))
}

/// Refuses what the sandbox or the platform does not take, before anything is fetched.
pub(crate) fn check_kind(scene: &Scene) -> Result<(), GraphError> {
    match scene.param("media_type") {
        Some("IMAGE" | "CAROUSEL") | None => {}
        Some("VIDEO" | "REELS" | "STORIES") => {
            return Err(
                GraphError::new(100, "(#100) The sandbox publishes images and carousels only").sub(2_207_023)
            );
        }
        Some(_) => {
            return Err(GraphError::new(
                100,
                "(#100) Param media_type must be one of {CAROUSEL, REELS, STORIES, VIDEO}",
            )
            .sub(2_207_023));
        }
    }
    if scene.param("video_url").is_some() {
        return Err(
            GraphError::new(100, "(#100) The sandbox publishes images and carousels only").sub(2_207_023)
        );
    }
    if scene.param("image_url").is_none() && scene.param("media_type") != Some("CAROUSEL") {
        return Err(GraphError::new(100, "(#100) The parameter image_url is required"));
    }
    Ok(())
}

fn picture(scene: &Scene) -> Result<Picture, GraphError> {
    check_kind(scene)?;
    scene.picture.clone().ok_or_else(|| GraphError::new(100, "(#100) The parameter image_url is required"))
}

/// The 2 to 10 containers of a carousel, which must be ready, of this account and made for a carousel.
fn children(scene: &Scene, account: Id) -> Result<Vec<Id>, GraphError> {
    let ids = scene.call.params.list("children").unwrap_or_default();
    if !(2..=10).contains(&ids.len()) {
        let text = "A carousel must have at least 2 and at most 10 photos or videos.";
        return Err(GraphError::new(100, "Invalid parameter").sub(2_207_028).user("Invalid carousel", text));
    }
    let mut children = Vec::with_capacity(ids.len());
    for text in ids {
        let id = text.parse().unwrap_or(0);
        let child = scene.world.containers.get(&id).filter(|it| it.account == account);
        let child = child.ok_or_else(|| no_such_object("POST", &text))?;
        match child.progress(scene.now) {
            Progress::Ready if child.child => children.push(id),
            Progress::Ready => {
                return Err(GraphError::new(
                    100,
                    "(#100) Param children must be containers with is_carousel_item",
                ));
            }
            Progress::Building(_) | Progress::Failed(_) => return Err(not_ready()),
            Progress::Expired => return Err(expired()),
            Progress::Published(_) => {
                return Err(GraphError::new(100, "(#100) The media has already been published"));
            }
        }
    }
    Ok(children)
}

/// The container still processes, or has failed.
pub(crate) fn not_ready() -> GraphError {
    GraphError::new(9007, "Media ID is not available")
        .sub(2_207_027)
        .user("Media ID is not available", "The media is not ready for publishing, please wait for a moment")
}

/// The container is gone.
pub(crate) fn expired() -> GraphError {
    GraphError::new(24, "The requested resource does not exist").sub(2_207_008).user(
        "Media not found",
        "The media builder with the given creation id does not exist or has expired.",
    )
}
