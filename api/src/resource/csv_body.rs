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

/// Whether a media type names no character set, or the only one that is read: UTF-8, and US-ASCII, which is part of it. Text of any
/// other would be refused for its first accent, or taken for what it is not.
pub(crate) fn is_utf8(kind: &str) -> bool {
    let parameters = kind.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut sets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let is_read = |name: &str| ["utf-8", "utf8", "us-ascii"].iter().any(|one| name.eq_ignore_ascii_case(one));
    sets.all(|(_, name)| is_read(name.trim().trim_matches('"')))
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
             `caption`, `link`, `media_ids`, `channels`, `local_time`, `time_zone`, `at`, `channel_times`, `action`; `status` and `permalink` are not read.",
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

#[cfg(test)]
mod tests {
    use super::is_utf8;

    #[test]
    fn a_file_is_in_utf8_unless_its_type_says_otherwise() {
        for kind in [
            "text/csv",
            "text/csv; charset=UTF-8",
            "text/csv;header=present; Charset=\"utf-8\"",
            "text/csv; x",
        ] {
            assert!(is_utf8(kind), "{kind}");
        }
        for kind in
            ["text/csv; charset=iso-8859-1", "text/csv;CHARSET=windows-1252", "text/csv; charset=utf-16"]
        {
            assert!(!is_utf8(kind), "{kind}");
        }
    }
}
