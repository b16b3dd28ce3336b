//! `GET /{ig}/content_publishing_limit`, and what happens at the limits
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit>).

use serde_json::{Map, json};

use super::container::PUBLISH;
use crate::clock::{self, DAY, SECOND};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::error::GraphError;
use crate::graph::scene::Scene;
use crate::graph::shape::LIMIT;
use crate::world::Id;

/// Shows the quota. With `since` only what was published since that time counts, at most a day back.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let account = scene.id();
    scene.instagrammer(account, &PUBLISH)?;
    let since = scene.param("since").map(|text| since(text, scene.now)).transpose()?;
    let (used, total) = quota(scene, account, since);
    let mut whole = Map::new();
    whole.insert("quota_usage".to_owned(), json!(used));
    whole.insert("config".to_owned(), json!({ "quota_total": total, "quota_duration": DAY / SECOND }));
    let item = LIMIT.cut(whole, &scene.wanted(&LIMIT)?);
    Ok(Answer::Json(json!({ "data": [item] })))
}

fn since(text: &str, now: i64) -> Result<i64, GraphError> {
    let since = clock::parse(text).filter(|since| *since >= now - DAY);
    since.ok_or_else(|| GraphError::new(100, "(#100) Param since must be a timestamp no older than 24 hours"))
}

/// Used and in all: scripted, or counted over the rolling 24 hours.
fn quota(scene: &mut Scene, account: Id, since: Option<i64>) -> (usize, usize) {
    if let Some((used, total)) = scene.twist.quota {
        return (used as usize, total as usize);
    }
    let now = scene.now;
    let used = scene
        .world
        .accounts
        .get_mut(&account)
        .map_or(0, |it| it.publishes.count(now, since.unwrap_or(now - DAY)));
    (used, scene.switches.ig_quota_total as usize)
}

/// Refuses to publish more than the quota.
pub(crate) fn check_quota(scene: &mut Scene, account: Id) -> Result<(), GraphError> {
    let (used, total) = quota(scene, account, None);
    if used < total { Ok(()) } else { Err(used_up()) }
}

/// Refuses to make more containers than an account may within 24 hours. No document names the error.
pub(crate) fn check_containers(scene: &mut Scene, account: Id) -> Result<(), GraphError> {
    let (now, most) = (scene.now, scene.switches.ig_containers_per_day as usize);
    let made = scene.world.accounts.get_mut(&account).map_or(0, |it| it.containers.count(now, now - DAY));
    if made < most { Ok(()) } else { Err(used_up()) }
}

fn used_up() -> GraphError {
    GraphError::new(9, "Application request limit reached").sub(2_207_042).user(
        "Cannot publish",
        "You have reached the maximum number of posts that is allowed to be published.",
    )
}
