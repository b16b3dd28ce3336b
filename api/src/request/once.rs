//! `Idempotency-Key` as an argument: a handler that creates something asks for it.

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

/// Says in the document that the operation accepts `Idempotency-Key`; the guard does the rest for every operation
/// that says so.
pub struct Once;

/// Set on an answer that holds a secret which is shown once: it is not kept for replays.
#[derive(Debug, Clone, Copy)]
pub struct ShownOnce;

impl<'a> ApiExtractor<'a> for Once {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let mut schema = MetaSchema::new("string");
        schema.min_length = Some(1);
        schema.max_length = Some(255);
        schema.example = Some("5e0a3f0e-7c0b-4c1e-9d3c-0b7a0c6c4f11".into());
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(_: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        Ok(Self)
    }
}
