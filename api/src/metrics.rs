//! The metrics page, for a listener of its own: it is not for the public.

use poem::{Endpoint, Response, Route, endpoint::make_sync};

/// Serves what `render` writes, in the text format of Prometheus, at `/metrics`.
pub fn metrics(render: impl Fn() -> String + Send + Sync + 'static) -> impl Endpoint + 'static {
    let page =
        make_sync(move |_| Response::builder().content_type("text/plain; version=0.0.4").body(render()));
    Route::new().at("/metrics", page)
}
