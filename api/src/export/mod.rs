//! What leaves in the formats of others, piece by piece: an export takes no more memory than a batch of it.

pub(crate) mod csv;
pub(crate) mod ical;
mod pieces;

use std::marker::PhantomData;

use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

pub(crate) use pieces::{entries, posts};

/// A format.
pub trait Format: Send {
    /// Its media type.
    const TYPE: &'static str;
    /// What a browser calls the file.
    const FILE: &'static str;
    /// What the answer is, for the document.
    const DESCRIPTION: &'static str;
}

/// RFC 4180.
pub struct Csv;

impl Format for Csv {
    const TYPE: &'static str = "text/csv";
    const FILE: &'static str = "posts.csv";
    const DESCRIPTION: &'static str = "One line for each post, after a line of names.";
}

/// RFC 5545.
pub struct Ical;

impl Format for Ical {
    const TYPE: &'static str = "text/calendar";
    const FILE: &'static str = "posts.ics";
    const DESCRIPTION: &'static str = "One event for each publication.";
}

/// A file in a format: 200.
pub struct Export<F> {
    body: Body,
    format: PhantomData<F>,
}

impl<F> Export<F> {
    /// A file that is written while it is sent.
    pub(crate) fn of(body: Body) -> Self {
        Self { body, format: PhantomData }
    }
}

impl<F: Format> IntoResponse for Export<F> {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(format!("{}; charset=utf-8", F::TYPE))
            .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", F::FILE))
            .body(self.body)
    }
}

impl<F: Format> ApiResponse for Export<F> {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        let content = vec![MetaMediaType { content_type: F::TYPE, schema }];
        let response = MetaResponse {
            description: F::DESCRIPTION,
            status: Some(200),
            status_range: None,
            content,
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}
