//! A Page, and the person behind a token, as nodes.

use serde_json::{Map, Value, json};

use crate::graph::answer::Outcome;
use crate::graph::error::no_such_object;
use crate::graph::instagram;
use crate::graph::scene::Scene;
use crate::graph::shape;
use crate::world::World;
use crate::world::page::{Page, Task};

/// `GET /{page}`.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let actor = scene.actor()?;
    if !scene.reaches(actor, scene.id()) {
        return Err(no_such_object("GET", scene.id()));
    }
    let text = scene.call.token.clone().unwrap_or_default();
    let page = scene.id();
    let token = if actor.holder.page().is_some() {
        Some(text)
    } else {
        scene.world.page_token(&text, page, scene.now)
    };
    let Some(page) = scene.world.pages.get(&scene.id()) else {
        return Err(no_such_object("GET", scene.id()));
    };
    let mut whole = node(scene.world, page, scene.base, scene.has("instagram_basic"));
    if let Some(token) = token {
        whole.insert("access_token".to_owned(), json!(token));
    }
    scene.node(&shape::PAGE, whole)
}

/// `GET /me` and `GET /{person}`; for a Page token, `me` is the Page.
pub(crate) fn me(scene: &mut Scene) -> Outcome {
    let actor = scene.actor()?;
    let person = actor.holder.person();
    let Some(it) = scene.world.people.get(&person).filter(|_| scene.id() == person) else {
        return Err(no_such_object("GET", scene.id()));
    };
    let mut whole = Map::new();
    let (first, last) = it.name.split_once(' ').unwrap_or((it.name.as_str(), ""));
    whole.insert("id".to_owned(), json!(person.to_string()));
    whole.insert("name".to_owned(), json!(it.name));
    whole.insert("first_name".to_owned(), json!(first));
    whole.insert("last_name".to_owned(), json!(last));
    whole.insert("picture".to_owned(), picture(scene.base, person));
    scene.node(&shape::USER, whole)
}

/// The profile picture in Graph's envelope.
pub(crate) fn picture(base: &str, id: u64) -> Value {
    json!({ "data": { "url": avatar(base, id), "width": 50, "height": 50, "is_silhouette": false } })
}

/// Where the drawn profile picture of a person, Page or account is.
pub(crate) fn avatar(base: &str, id: u64) -> String {
    format!("{base}/_sandbox/avatar/{id}")
}

/// A whole Page without its token. A Page without a professional account lacks `instagram_business_account`.
pub(crate) fn node(world: &World, page: &Page, base: &str, instagram: bool) -> Map<String, Value> {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Value| whole.insert(name.to_owned(), value);
    put("id", json!(page.id.to_string()));
    put("name", json!(page.name));
    put("category", json!(page.category));
    put("category_list", json!([{ "id": "2200", "name": page.category }]));
    put("link", json!(format!("{base}/_sandbox/timeline/{}", page.id)));
    put("picture", picture(base, page.id));
    put("is_published", json!(true));
    put("can_post", json!(true));
    put("fan_count", json!(0));
    put("followers_count", json!(0));
    if let Some(account) = page.account.and_then(|id| world.accounts.get(&id)).filter(|_| instagram) {
        let node = Value::Object(instagram::profile::node(account, base));
        put("connected_instagram_account", node.clone());
        if account.kind.professional() {
            put("instagram_business_account", node);
        }
    }
    whole
}

/// Names of a person's tasks, as the list of accounts prints them.
pub(crate) fn tasks(tasks: &[Task]) -> Value {
    tasks.iter().map(|task| json!(task.name())).collect()
}
