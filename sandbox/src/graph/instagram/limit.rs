//! `GET /{ig}/content_publishing_limit`.

use serde_json::{Map, json};

use super::container::PUBLISH;
use crate::clock::{DAY, SECOND};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::scene::Scene;
use crate::graph::shape::LIMIT;
use crate::world::Id;

/// Shows the quota.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let account = scene.id();
    scene.instagrammer(account, &PUBLISH)?;
    let (used, total) = quota(scene, account);
    let mut whole = Map::new();
    whole.insert("quota_usage".to_owned(), json!(used));
    whole.insert("config".to_owned(), json!({ "quota_total": total, "quota_duration": DAY / SECOND }));
    let item = LIMIT.cut(whole, &scene.wanted(&LIMIT)?);
    Ok(Answer::Json(json!({ "data": [item] })))
}

/// Used and in all: scripted, or counted over the rolling 24 hours.
pub(crate) fn quota(scene: &mut Scene, account: Id) -> (usize, usize) {
    if let Some((used, total)) = scene.twist.quota {
        return (used as usize, total as usize);
    }
    let now = scene.now;
    let used = scene.world.accounts.get_mut(&account).map_or(0, |it| it.quota_usage(now));
    (used, scene.switches.ig_quota_total as usize)
}
