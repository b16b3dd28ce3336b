//! A file of rows as an argument: `text/csv`, which is read while it arrives.

use std::sync::Arc;

use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use publishing::import::ImportError;
use sha2::{Digest, Sha256};

use crate::{problem::Problem, request::FirstAnswer};

/// The media type (RFC 4180).
pub(crate) const CSV: &str = "text/csv";

/// The file.
pub(super) struct CsvBody {
    /// Its pieces as they come in.
    pub(super) pieces: BoxStream<'static, Result<Bytes, ImportError>>,
    /// What a request with the same key and the same parameters was answered.
    pub(super) first: Option<FirstAnswer>,
}

/// Says of a request that a file follows, which its handler reads.
struct Follows;

/// Whether the request has a file that its handler reads.
pub(crate) fn follows(request: &Request) -> bool {
    request.data::<Arc<Follows>>().is_some()
}

/// Leaves the file to the handler. Returns the digest of what tells one such request from another, but for the file itself: its
/// parameters.
pub(crate) fn leave(request: &mut Request) -> [u8; 32] {
    let asked = Sha256::digest(request.uri().query().unwrap_or_default()).into();
    request.extensions_mut().insert(Arc::new(Follows));
    asked
}

impl<'a> ApiExtractor<'a> for CsvBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let mut schema = MetaSchema::new_with_format("string", "binary");
        schema.description = Some(
            "Rows of comma-separated values in UTF-8 (RFC 4180). The first row names the columns, in any order: `key` (required), \
             `caption`, `link`, `media_ids`, `channels`, `local_time`, `time_zone`, `at`, `action`.",
        );
        let content =
            vec![MetaMediaType { content_type: CSV, schema: MetaSchemaRef::Inline(Box::new(schema)) }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let body = body.take().map_err(|_| Problem::internal("a file was read before its handler"))?;
        let chunks = body.into_bytes_stream().map(|chunk| chunk.map_err(|_| ImportError::Interrupted));
        // Nothing follows an interruption.
        let pieces = stream::unfold(Some(chunks), |chunks| async move {
            let mut chunks = chunks?;
            match chunks.next().await? {
                Ok(piece) => Some((Ok(piece), Some(chunks))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(Self { pieces: pieces.boxed(), first: request.data::<FirstAnswer>().cloned() })
    }
}
