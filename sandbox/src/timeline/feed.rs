//! The timeline of one Page or account, newest first.

use std::fmt::Write;

use super::html::{escape, frame, name_of};
use crate::ledger::{Entry, Piece, What};
use crate::shared::Shared;
use crate::world::Id;

/// Older entries are not shown.
const MOST: usize = 200;

/// The page, unless nobody has this id.
pub(crate) fn page(shared: &Shared, id: Id) -> Option<String> {
    let (name, kind) = {
        let world = shared.world();
        let kind = if world.accounts.contains_key(&id) { "Instagram" } else { "Facebook Page" };
        (name_of(&world, id)?, kind)
    };
    let entries = shared.ledger.newest(id, MOST);
    let mut body = format!(
        "<header class=\"top\"><a href=\"/\">All timelines</a><div class=\"who\"><img class=\"avatar\" \
         src=\"/_sandbox/avatar/{id}\" alt=\"\"><span><h1>{}</h1><small>{kind} · {id}</small></span></div></header>\
         <main class=\"feed\">",
        escape(&name)
    );
    if entries.is_empty() {
        body.push_str("<p class=\"empty\">Nothing has been published here yet.</p>");
    }
    for entry in &entries {
        post(entry, &name, &mut body);
    }
    body.push_str("</main>");
    Some(frame(&name, &body))
}

fn post(entry: &Entry, name: &str, body: &mut String) {
    let (shown, removed) = (&entry.shown, entry.removed_ms().is_some());
    let time = chrono::DateTime::from_timestamp_millis(shown.at_ms).unwrap_or_default();
    let _ = write!(
        body,
        "<article id=\"{}\"{}><div class=\"who\"><img class=\"avatar\" src=\"/_sandbox/avatar/{}\" alt=\"\"><span>\
         <b>{}</b><small><time datetime=\"{}\">{}</time>{}</small></span></div>",
        escape(&shown.object),
        if removed { " class=\"removed\"" } else { "" },
        shown.account,
        escape(name),
        time.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
        time.format("%-d %B %Y, %H:%M:%S UTC"),
        mark(shown.what, removed),
    );
    if let Some(text) = &shown.text {
        let _ = write!(body, "<p class=\"text\">{}</p>", escape(text));
    }
    if let Some(link) = &shown.link {
        let link = escape(link);
        let _ = write!(body, "<a class=\"link\" rel=\"noopener nofollow\" href=\"{link}\">{link}</a>");
    }
    strip(&shown.media, body);
    let _ = write!(body, "<footer>{} · no. {}</footer></article>", escape(&shown.object), entry.seq);
}

fn mark(what: What, removed: bool) -> &'static str {
    match (removed, what) {
        (true, _) => " · deleted",
        (false, What::Edit) => " · edited",
        _ => "",
    }
}

fn strip(media: &[Piece], body: &mut String) {
    if media.is_empty() {
        return;
    }
    let class = if media.len() > 1 { "strip" } else { "single" };
    let _ = write!(body, "<div class=\"{class}\">");
    for piece in media {
        let alt = escape(piece.alt_text.as_deref().unwrap_or_default());
        match &piece.picture.sha256 {
            Some(sha256) => {
                let _ = write!(body, "<img src=\"/_sandbox/media/{sha256}\" alt=\"{alt}\" loading=\"lazy\">");
            }
            None => body.push_str("<div class=\"absent\">not fetched (light mode)</div>"),
        }
    }
    body.push_str("</div>");
}
