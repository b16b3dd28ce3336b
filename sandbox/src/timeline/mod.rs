//! Pages for people: the index and the timelines, with the pictures that were published.

pub(crate) mod avatar;
pub(crate) mod feed;
pub(crate) mod html;
pub(crate) mod index;

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::web::{Data, Html, Path};
use poem::{EndpointExt, IntoEndpoint, Response, Route, get, handler};

use crate::shared::Shared;
use crate::world::Id;

/// The pages, around the routes of the admin API.
pub(crate) fn routes(shared: &Arc<Shared>, admin: Route) -> impl IntoEndpoint + use<> {
    admin
        .at("/", get(home))
        .at("/_sandbox/timeline/:id", get(timeline))
        .at("/_sandbox/media/:sha256", get(media))
        .at("/_sandbox/avatar/:id", get(portrait))
        .data(Arc::clone(shared))
}

#[handler]
fn home(Data(shared): Data<&Arc<Shared>>) -> Html<String> {
    Html(index::page(shared))
}

#[handler]
fn timeline(Data(shared): Data<&Arc<Shared>>, Path(id): Path<Id>) -> Response {
    match feed::page(shared, id) {
        Some(page) => Response::builder().content_type("text/html; charset=utf-8").body(page),
        None => Response::from(StatusCode::NOT_FOUND),
    }
}

/// A picture by its digest; it never changes, and it is never taken for a page.
#[handler]
fn media(Data(shared): Data<&Arc<Shared>>, Path(sha256): Path<String>) -> Response {
    let Some((content_type, bytes)) = shared.world().pictures.get(&sha256) else {
        return Response::from(StatusCode::NOT_FOUND);
    };
    Response::builder()
        .content_type(content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(bytes)
}

#[handler]
fn portrait(Data(shared): Data<&Arc<Shared>>, Path(id): Path<Id>) -> Response {
    let name = html::name_of(&shared.world(), id);
    match name {
        Some(name) => Response::builder().content_type("image/svg+xml").body(avatar::draw(id, &name)),
        None => Response::from(StatusCode::NOT_FOUND),
    }
}
