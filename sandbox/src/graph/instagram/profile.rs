//! `GET /{ig}`.

use serde_json::{Map, Value, json};

use crate::graph::answer::Outcome;
use crate::graph::error::no_such_object;
use crate::graph::page::profile::avatar;
use crate::graph::scene::Scene;
use crate::graph::shape::IG_USER;
use crate::world::account::Account;

/// Shows an account.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    scene.instagrammer(scene.id(), &["instagram_basic"])?;
    let account = scene.world.accounts.get(&scene.id()).ok_or_else(|| no_such_object("GET", scene.id()))?;
    scene.node(&IG_USER, node(account, scene.base))
}

/// A whole account.
pub(crate) fn node(account: &Account, base: &str) -> Map<String, Value> {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Value| whole.insert(name.to_owned(), value);
    put("id", json!(account.id.to_string()));
    put("ig_id", json!(account.id.to_string()));
    put("username", json!(account.username));
    put("name", json!(account.name));
    put("profile_picture_url", json!(avatar(base, account.id)));
    put("account_type", json!(account.kind.name()));
    put("media_count", json!(account.media.len()));
    put("followers_count", json!(0));
    put("follows_count", json!(0));
    put("has_profile_pic", json!(true));
    put("is_published", json!(true));
    whole
}
