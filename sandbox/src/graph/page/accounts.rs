//! `GET /{person}/accounts`: the Pages a token reaches, each with its own token.

use serde_json::{Value, json};

use super::profile;
use crate::graph::answer::{Answer, Outcome};
use crate::graph::auth::Actor;
use crate::graph::error::no_such_object;
use crate::graph::fields::Field;
use crate::graph::paging::{Window, envelope};
use crate::graph::scene::Scene;
use crate::graph::shape::ACCOUNT_OF_USER;
use crate::world::Id;

/// Lists Pages. Without `pages_show_list` the list is empty, which is how the platform is known to answer.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let actor = scene.actor()?;
    let person = actor.holder.person();
    if scene.id() != person || actor.holder.page().is_some() {
        return Err(no_such_object("GET", scene.id()));
    }
    let (window, fields) = (Window::of(scene.call)?, scene.wanted(&ACCOUNT_OF_USER)?);
    let ids = if scene.has("pages_show_list") { reached(scene, actor) } else { Vec::new() };
    let total = ids.len();
    let (page, more) = window.cut(ids.into_iter());
    let mut items = Vec::with_capacity(page.len());
    for id in &page {
        items.push(item(scene, actor, *id, &fields));
    }
    let mut body = envelope(scene.call, scene.base, items, &page, more);
    if scene.call.params.flag("summary").unwrap_or(false) {
        body["summary"] = json!({ "total_count": total });
    }
    Ok(Answer::Json(body))
}

fn reached(scene: &Scene, actor: Actor) -> Vec<Id> {
    let person = scene.world.people.get(&actor.holder.person());
    let ids = person.map(|person| person.pages.as_slice()).unwrap_or_default();
    ids.iter().copied().filter(|id| scene.reaches(actor, *id)).collect()
}

fn item(scene: &mut Scene, actor: Actor, id: Id, fields: &[Field]) -> Value {
    let text = scene.call.token.clone().unwrap_or_default();
    let token = scene.world.page_token(&text, id, scene.now);
    let Some(page) = scene.world.pages.get(&id) else { return Value::Null };
    let mut whole = profile::node(scene.world, page, scene.base, scene.has("instagram_basic"));
    let tasks = page.roles.get(&actor.holder.person()).map(Vec::as_slice).unwrap_or_default();
    whole.insert("tasks".to_owned(), profile::tasks(tasks));
    if let Some(token) = token {
        whole.insert("access_token".to_owned(), json!(token));
    }
    ACCOUNT_OF_USER.cut(whole, fields)
}
