//! `Idempotency-Key` as an argument: a handler that makes something asks for it.

use std::sync::Arc;

use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};
use tenancy::{
    id::{StaticType, TypeSafeId},
    idempotency::Fence,
};
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// Says in the document that the operation accepts `Idempotency-Key`, and tells the handler whether to make something.
///
/// A handler hands the fence on to the store that makes the thing; a test of the whole product insists for every operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// Make it; under this fence if the request has a key.
    Make(Option<Fence>),
    /// A request with the same key made this, and its answer is not kept. Answer with what it is now.
    Made(Uuid),
}

impl Once {
    /// Goes on to make something; where that was done and its answer held a secret, refuses and names the place.
    pub(crate) fn with_secret<T: StaticType>(self, collection: &str) -> Result<Option<Fence>, Problem> {
        match self {
            Self::Make(fence) => Ok(fence),
            Self::Made(id) => {
                let place = format!("{collection}/{}", TypeSafeId::<T>::from_uuid(id));
                Err(Problem::of(Code::IdempotencySecretGone).header(header::LOCATION, &place))
            }
        }
    }
}

/// Set on an answer that holds a secret which is shown once: it is not kept for replays.
#[derive(Debug, Clone, Copy)]
pub struct ShownOnce;

/// The body of the answer that was kept for an upload's key, set on a repeated one: its handler refuses it unless the file is
/// the same. The answer itself is given again by the guard.
#[derive(Clone)]
pub struct FirstAnswer(pub Arc<str>);

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

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(request.data::<Self>().copied().unwrap_or(Self::Make(None)))
    }
}

#[cfg(test)]
mod tests {
    use tenancy::id::ApiKey;

    use super::*;

    #[test]
    fn a_secret_that_was_shown_is_not_made_again_and_its_place_is_named() {
        let fence = Some(Fence(Uuid::from_u128(1)));
        assert_eq!(Once::Make(fence).with_secret::<ApiKey>("/v1/api_keys").ok(), Some(fence));
        let gone = Once::Made(Uuid::nil()).with_secret::<ApiKey>("/v1/api_keys").err().unwrap();
        assert_eq!(gone.code, Code::IdempotencySecretGone);
    }
}
