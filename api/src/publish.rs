//! An API, guarded by its own document, with the document and its pages beside it.

use std::sync::Arc;

use bytes::Bytes;
use poem::{EndpointExt, IntoEndpoint, Response, Route, RouteMethod, endpoint::make_sync, get, http::header};
use poem_openapi::{OpenApi, OpenApiService};

use crate::{
    document::{Document, TITLE, docs},
    problem::explanations,
    request::{Gate, Guarded, refusable},
};

/// The routes of an API, to be framed by [`crate::traffic::frame`].
pub fn publish<T: OpenApi + 'static>(api: T, gate: Gate) -> Route {
    let document = Arc::new(Document::of::<T>());
    let (json, yaml) = (document.json().to_string(), document.yaml());
    let guarded = Guarded { api, document, gate };
    let operations = OpenApiService::new(guarded, TITLE, env!("CARGO_PKG_VERSION")).into_endpoint();
    Route::new()
        .nest("/docs", docs())
        .at("/problems/:code", get(explanations()))
        .at("/openapi.json", text("application/json", json))
        .at("/openapi.yaml", text("application/yaml", yaml))
        .nest_no_strip("/", operations.before(refusable))
}

fn text(kind: &'static str, text: String) -> RouteMethod {
    let text = Bytes::from(text);
    get(make_sync(move |_| {
        Response::builder().content_type(kind).header(header::CACHE_CONTROL, "no-cache").body(text.clone())
    }))
}
