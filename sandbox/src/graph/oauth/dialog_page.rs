//! The login dialog as a page for a browser.

use std::fmt::Write;

use super::dialog::{Ask, offered};
use crate::graph::params::Params;
use crate::timeline::html::{escape, initials};
use crate::world::{Id, Kind, World};

const STYLE: &str = include_str!("dialog.css");

/// The form fields that carry the app's request through the form.
const CARRIED: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "config_id",
    "response_type",
    "auth_type",
    "return_scopes",
];

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>",
        escape(title)
    )
}

/// The page for a mistake of the app.
pub(crate) fn refusal(message: &str) -> String {
    frame(
        "Login error",
        &format!("<h1>Sorry, something went wrong</h1><p class=\"error\">{}</p>", escape(message)),
    )
}

/// The dialog for one person, with a link for each of the others.
pub(crate) fn dialog(world: &World, ask: &Ask, chosen: Option<Id>, carried: &Params) -> String {
    let everyone: Vec<Id> =
        world.order.iter().copied().filter(|id| world.kind(*id) == Some(Kind::Person)).collect();
    let chosen = chosen.filter(|id| world.people.contains_key(id)).or_else(|| everyone.first().copied());
    let Some(person) = chosen else { return refusal("The sandbox has no people. Create one first.") };
    let mut body = format!(
        "<p class=\"note\">Postern sandbox: nothing here is real</p><h1>{} wants to continue with your account</h1>",
        escape(&ask.app_name)
    );
    body.push_str("<form method=\"post\">");
    for name in CARRIED {
        if let Some(value) = carried.get(name) {
            let _ = write!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
        }
    }
    let _ = write!(
        body,
        "<input type=\"hidden\" name=\"chosen\" value=\"1\"><input type=\"hidden\" name=\"person\" value=\"{person}\">"
    );
    people(world, &everyone, person, carried, &mut body);
    pages(world, person, &mut body);
    permissions(world, ask, person, &mut body);
    body.push_str(
        "<div class=\"buttons\"><button name=\"decision\" value=\"cancel\" class=\"quiet\">Cancel</button>\
         <button name=\"decision\" value=\"continue\">Continue</button></div></form>",
    );
    frame("Log in", &body)
}

fn people(world: &World, everyone: &[Id], person: Id, carried: &Params, body: &mut String) {
    let name = |id: Id| world.people.get(&id).map(|it| escape(&it.name)).unwrap_or_default();
    let _ = write!(
        body,
        "<section class=\"who\"><span class=\"avatar\">{}</span><b>{}</b></section>",
        escape(&initials(&name(person))),
        name(person)
    );
    let others: Vec<Id> = everyone.iter().copied().filter(|id| *id != person).take(20).collect();
    if others.is_empty() {
        return;
    }
    body.push_str("<p class=\"others\">Not you? ");
    for id in others {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for field in CARRIED {
            if let Some(value) = carried.get(field) {
                query.append_pair(field, value);
            }
        }
        query.append_pair("person", &id.to_string());
        let _ = write!(body, "<a href=\"?{}\">{}</a> ", escape(&query.finish()), name(id));
    }
    body.push_str("</p>");
}

fn pages(world: &World, person: Id, body: &mut String) {
    let ids = world.people.get(&person).map(|it| it.pages.as_slice()).unwrap_or_default();
    if ids.is_empty() {
        return;
    }
    body.push_str("<fieldset><legend>Pages</legend>");
    for page in ids.iter().filter_map(|id| world.pages.get(id)) {
        let account = page.account.and_then(|id| world.accounts.get(&id));
        let beside = account.map_or_else(|| page.category.clone(), |it| format!("@{}", it.username));
        let _ = write!(
            body,
            "<label><input type=\"checkbox\" name=\"page\" value=\"{}\" checked><b>{}</b><i>{}</i></label>",
            page.id,
            escape(&page.name),
            escape(&beside)
        );
    }
    body.push_str("</fieldset>");
}

fn permissions(world: &World, ask: &Ask, person: Id, body: &mut String) {
    body.push_str("<fieldset><legend>Permissions</legend>");
    for scope in offered(world, ask, person) {
        let fixed = if scope == "public_profile" { " disabled" } else { "" };
        let _ = write!(
            body,
            "<label><input type=\"checkbox\" name=\"permission\" value=\"{0}\" checked{fixed}>{0}</label>",
            escape(&scope)
        );
    }
    body.push_str("</fieldset>");
}
