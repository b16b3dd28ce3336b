//! Public addresses of media: `GET /media/{token}`. Platforms fetch from here, so it is not part of the document.

use std::sync::Arc;

use futures::TryStreamExt;
use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{Method, StatusCode, header},
};
use publishing::media::{Asked, Media, Served, Shown};

use crate::{
    problem::{Code, Problem},
    request::Context,
    traffic::Quotas,
};

/// Where it is mounted.
pub const PATH: &str = "/media/:token";

/// The files behind signed addresses.
pub struct MediaFile {
    /// The use cases.
    pub media: Arc<Media>,
    /// Counts requests by address.
    pub quotas: Arc<Quotas>,
}

impl Endpoint for MediaFile {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let context = Context::of(&request)?;
        // The template alone: the token is a secret.
        context.route(&"/media/{token}".into());
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Problem::of(Code::MethodNotAllowed).header(header::ALLOW, "GET, HEAD").into());
        }
        context.count(self.quotas.count(context)?);
        let token = request.raw_path_param("token").ok_or_else(Problem::not_found)?;
        let text = |name| request.header(name).map(str::to_owned);
        let asked = Asked {
            range: text(header::RANGE.as_str()),
            if_range: text(header::IF_RANGE.as_str()),
            head_only: request.method() == Method::HEAD,
        };
        Ok(answer(self.media.serve(token, &asked).await.map_err(Problem::from)?))
    }
}

fn answer(served: Served) -> Response {
    let status = match served.shown {
        Shown::Whole => StatusCode::OK,
        Shown::Part { .. } => StatusCode::PARTIAL_CONTENT,
        Shown::Nothing => StatusCode::RANGE_NOT_SATISFIABLE,
    };
    let mut response = Response::builder()
        .status(status)
        .content_type(served.kind.content_type())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::ETAG, &served.etag)
        .header(header::CONTENT_LENGTH, served.length);
    if let Some(range) = served.content_range() {
        response = response.header(header::CONTENT_RANGE, range);
    }
    match served.body {
        None => response.finish(),
        Some(body) => response.body(Body::from_bytes_stream(body.map_err(std::io::Error::other))),
    }
}
