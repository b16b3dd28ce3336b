//! Public addresses of media: `GET /media/{token}`. Platforms fetch from here, so it is not part of the document.

use std::sync::Arc;

use futures::TryStreamExt;
use poem::{
    Body, Endpoint, IntoResponse, Request, Response, Result,
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
        let token = request.raw_path_param("token").ok_or_else(Problem::not_found)?;
        let text = |name| request.header(name).map(str::to_owned);
        let asked = Asked {
            range: text(header::RANGE.as_str()),
            if_range: text(header::IF_RANGE.as_str()),
            head_only: request.method() == Method::HEAD,
        };
        match self.media.serve(token, &asked).await {
            Ok(served) => Ok(answer(served)),
            Err(error) => {
                // Whoever has a good address may fetch as often as it takes: a platform sends many from one place. Whoever
                // tries addresses is counted.
                context.count(self.quotas.count(context)?);
                Err(Problem::from(error).into())
            }
        }
    }
}

fn answer(served: Served) -> Response {
    let status = match served.shown {
        Shown::Whole => StatusCode::OK,
        Shown::Part { .. } => StatusCode::PARTIAL_CONTENT,
        Shown::Nothing => return behind(&served),
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

/// A range that lies behind the end: 416 with the length that there is (RFC 9110, section 15.5.17).
fn behind(served: &Served) -> Response {
    let problem = Problem::of(Code::RangeNotSatisfiable)
        .header(header::CONTENT_RANGE, &served.content_range().unwrap_or_default())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, &served.etag);
    problem.into_response()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use futures::StreamExt;
    use poem::{endpoint::make_sync, test::TestClient};
    use publishing::media::MediaKind;
    use secrecy::SecretString;
    use tenancy::{Authenticated, Refusal};

    use super::*;
    use crate::{
        request::{Authenticate, ClientAddress},
        traffic::{Frame, Intake, Origins, Pseudonyms, frame},
    };

    /// Nobody calls here.
    struct Nobody;

    #[async_trait]
    impl Authenticate for Nobody {
        async fn authenticate(&self, _: &SecretString) -> Result<Authenticated, Refusal> {
            Err(Refusal::Unauthenticated)
        }

        async fn knows_origin(&self, _: &str) -> bool {
            false
        }
    }

    fn framed() -> Frame {
        Frame {
            intake: Intake::default(),
            origins: Origins::default(),
            authenticate: Arc::new(Nobody),
            client: ClientAddress::TrustedProxy,
            pseudonyms: Pseudonyms::new(&[0; 32]),
        }
    }

    fn served(shown: Shown, body: Option<&'static [u8]>) -> Served {
        let stream = body.map(|bytes| futures::stream::iter([Ok(bytes::Bytes::from_static(bytes))]).boxed());
        let length = body.map_or(0, |bytes| bytes.len() as u64);
        Served { kind: MediaKind::Jpeg, shown, etag: "\"abc\"".to_owned(), total: 100, length, body: stream }
    }

    fn header(response: &Response, name: &str) -> Option<String> {
        Some(response.headers().get(name)?.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn every_answer_says_that_it_is_not_to_be_kept_or_guessed_at() {
        let cases = [
            (Shown::Whole, StatusCode::OK, None),
            (Shown::Part { first: 10, last: 13 }, StatusCode::PARTIAL_CONTENT, Some("bytes 10-13/100")),
        ];
        for (shown, status, range) in cases {
            let response = answer(served(shown, Some(b"data")));
            assert_eq!(response.status(), status);
            assert_eq!(header(&response, "content-range").as_deref(), range);
            assert_eq!(header(&response, "cache-control").as_deref(), Some("no-store"));
            assert_eq!(header(&response, "x-content-type-options").as_deref(), Some("nosniff"));
            assert_eq!(header(&response, "accept-ranges").as_deref(), Some("bytes"));
            assert_eq!(header(&response, "etag").as_deref(), Some("\"abc\""));
            assert_eq!(header(&response, "content-type").as_deref(), Some("image/jpeg"));
            assert_eq!(header(&response, "content-length").as_deref(), Some("4"));
            assert_eq!(response.into_body().into_bytes().await.unwrap(), b"data".as_slice());
        }
    }

    #[tokio::test]
    async fn a_range_behind_the_end_is_answered_with_the_length_that_there_is() {
        let file = make_sync(|_| answer(served(Shown::Nothing, None)));
        let response = TestClient::new(frame(framed(), file)).get("/media/x").send().await.0;
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        for (name, value) in [
            ("content-range", "bytes */100"),
            ("accept-ranges", "bytes"),
            ("etag", "\"abc\""),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("content-type", "application/problem+json"),
        ] {
            assert_eq!(header(&response, name).as_deref(), Some(value), "{name}");
        }
        let body: serde_json::Value =
            serde_json::from_slice(&response.into_body().into_bytes().await.unwrap()).unwrap();
        assert_eq!((&body["status"], &body["code"]), (&416.into(), &"range_not_satisfiable".into()));
    }

    #[test]
    fn a_head_has_the_length_that_the_body_would_have() {
        let response = answer(Served { length: 100, ..served(Shown::Whole, None) });
        assert_eq!(header(&response, "content-length").as_deref(), Some("100"));
    }
}
