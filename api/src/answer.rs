//! The shapes of success: what was read, what was made, nothing to say.

use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::ToJSON,
};

use crate::request::{ShownOnce, etag_of};

const JSON: &str = "application/json";

/// What was read or changed: 200, with the `ETag` of its version where people edit it together.
pub struct Found<T> {
    body: T,
    version: Option<i64>,
}

impl<T> Found<T> {
    /// Something without a version.
    pub const fn plain(body: T) -> Self {
        Self { body, version: None }
    }

    /// Something with a version.
    pub const fn versioned(body: T, version: i64) -> Self {
        Self { body, version: Some(version) }
    }
}

/// What was made: 201, with its place.
pub struct Created<T> {
    body: T,
    location: String,
    version: Option<i64>,
    shown_once: bool,
}

impl<T> Created<T> {
    /// Something new at a path of this API.
    pub const fn at(location: String, body: T) -> Self {
        Self { body, location, version: None, shown_once: false }
    }

    /// Gives the version that it begins with.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// The body holds a secret that is shown this once.
    #[must_use]
    pub fn shown_once(mut self) -> Self {
        self.shown_once = true;
        self
    }
}

/// What was taken on: 202.
pub struct Accepted<T>(pub T);

/// What was taken on, and has a place where its progress is seen: 202.
pub struct Queued<T> {
    body: T,
    location: String,
}

impl<T> Queued<T> {
    /// Something that is worked on, at a path of this API.
    pub const fn at(location: String, body: T) -> Self {
        Self { body, location }
    }
}

/// What came of many, each with its own status: 207.
pub struct Several<T>(pub T);

/// Done, and nothing to say: 204.
pub struct Done;

fn json(status: StatusCode, body: &impl ToJSON, version: Option<i64>) -> Response {
    let response = Response::builder().status(status).content_type(JSON);
    let response = version
        .into_iter()
        .fold(response, |response, version| response.header(header::ETAG, etag_of(version)));
    response.body(body.to_json_string())
}

fn described(
    status: u16,
    description: &'static str,
    headers: Vec<MetaHeader>,
    schema: Option<MetaSchemaRef>,
) -> MetaResponses {
    let content = schema.into_iter().map(|schema| MetaMediaType { content_type: JSON, schema }).collect();
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers,
        }],
    }
}

fn text_header(name: &str, description: &str, required: bool) -> MetaHeader {
    let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
    MetaHeader {
        name: name.into(),
        description: Some(description.into()),
        required,
        deprecated: false,
        schema,
    }
}

fn etag() -> MetaHeader {
    text_header("ETag", "The version, where the thing has one; give it back as `If-Match`.", false)
}

impl<T: ToJSON> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.body, self.version)
    }
}

impl<T: ToJSON> ApiResponse for Found<T> {
    fn meta() -> MetaResponses {
        described(200, "What was asked for.", vec![etag()], Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::CREATED, &self.body, self.version);
        if let Ok(place) = HeaderValue::try_from(self.location) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        if self.shown_once {
            response.extensions_mut().insert(ShownOnce);
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let location = text_header("Location", "The path of what was made.", true);
        described(201, "What was made.", vec![location, etag()], Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        json(StatusCode::ACCEPTED, &self.0, None)
    }
}

impl<T: ToJSON> ApiResponse for Accepted<T> {
    fn meta() -> MetaResponses {
        described(202, "It was taken on.", Vec::new(), Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Queued<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::ACCEPTED, &self.body, None);
        if let Ok(place) = HeaderValue::try_from(self.location) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Queued<T> {
    fn meta() -> MetaResponses {
        let location = text_header("Location", "The path where the progress is seen.", true);
        described(202, "It was taken on.", vec![location], Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Several<T> {
    fn into_response(self) -> Response {
        json(StatusCode::MULTI_STATUS, &self.0, None)
    }
}

impl<T: ToJSON> ApiResponse for Several<T> {
    fn meta() -> MetaResponses {
        let description = "What came of each; some may have been refused.";
        described(207, description, Vec::new(), Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        described(204, "Done.", Vec::new(), None)
    }

    fn register(_: &mut Registry) {}
}
