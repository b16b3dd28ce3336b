//! The index: every Page and account.

use std::fmt::Write;

use super::html::{escape, frame};
use crate::shared::Shared;
use crate::world::{Id, World};

/// Longer lists are cut: load tests make thousands of accounts.
const MOST: usize = 500;

/// The index page.
pub(crate) fn page(shared: &Shared) -> String {
    let mut body = String::from(
        "<header class=\"top\"><h1>Postern sandbox</h1><p>A stand-in for the platforms. Nothing here is real. \
         <a href=\"/_sandbox/openapi.json\">Admin API</a></p></header><main class=\"index\">",
    );
    let world = shared.world();
    let shown = world.order.iter().copied().filter(|id| !world.people.contains_key(id));
    for id in shown.clone().take(MOST) {
        card(&world, id, shared.ledger.count(Some(id)), &mut body);
    }
    let hidden = shown.count().saturating_sub(MOST);
    if hidden > 0 {
        let _ = write!(body, "<p class=\"empty\">… and {hidden} more</p>");
    }
    body.push_str("</main>");
    frame("Postern sandbox", &body)
}

fn card(world: &World, id: Id, published: usize, body: &mut String) {
    let (name, kind) = match (world.pages.get(&id), world.accounts.get(&id)) {
        (Some(page), _) => (page.name.clone(), "Facebook Page"),
        (None, Some(account)) => (format!("@{}", account.username), "Instagram"),
        (None, None) => return,
    };
    let _ = write!(
        body,
        "<a class=\"card\" href=\"/_sandbox/timeline/{id}\"><img class=\"avatar\" src=\"/_sandbox/avatar/{id}\" alt=\"\">\
         <span><b>{}</b><small>{kind} · {id}</small></span><em>{published}</em></a>",
        escape(&name)
    );
}
