//! The body of a request as an argument of a handler.

use std::sync::{Arc, Mutex};

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::ParseFromJSON,
};
use serde_json::Value;

use crate::problem::{Pointer, Problem, Violation};

/// The body, already read strictly and checked against the document by [`crate::request::Guarded`]. It is taken once.
pub struct Parsed(pub Mutex<Option<Value>>);

/// A JSON body. Anything the document does not describe is refused with one violation each.
pub struct StrictJson<T>(pub T);

/// A JSON Merge Patch (RFC 7396): what is absent stays, `null` removes where the document allows it.
pub struct MergePatch<T>(pub T);

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

fn described<T: ParseFromJSON>(media: &[&'static str]) -> MetaRequest {
    let content = media.iter().map(|content_type| MetaMediaType { content_type, schema: T::schema_ref() });
    MetaRequest { description: None, content: content.collect(), required: true }
}

fn take<T: ParseFromJSON>(request: &Request) -> Result<T, Problem> {
    let parsed = request.data::<Arc<Parsed>>();
    let value = parsed.and_then(|parsed| parsed.0.lock().ok()?.take());
    let value = value.ok_or_else(|| Problem::internal("a body was read without its guard"))?;
    // What remains after the schema: numbers outside their type, text that a type of ours does not read.
    T::parse_from_json(Some(value)).map_err(|_| {
        let detail = "A value is outside its range or form.";
        Problem::invalid(vec![Violation::body(Pointer::default(), "invalid", detail)])
    })
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for MergePatch<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(described::<T>(&[MERGE_PATCH, JSON]))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(take(request)?))
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for StrictJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(described::<T>(&[JSON]))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(take(request)?))
    }
}
