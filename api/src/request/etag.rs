//! Entity tags (RFC 9110 §8.8.3): who edits says which version was read.

use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::problem::{Code, Problem};

/// The strong tag of a version counter, quoted as the header wants it.
pub fn etag_of(version: i64) -> String {
    format!("\"{version}\"")
}

/// The versions that the caller read: `If-Match`. Required where it is an argument; without it the answer is 428.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch {
    any: bool,
    versions: Vec<i64>,
}

impl IfMatch {
    fn parse(text: &str) -> Self {
        let versions =
            text.split(',').filter_map(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        Self { any: text.trim() == "*", versions: versions.collect() }
    }

    /// The version the caller read, for a store that compares it in its own transaction; `None` for `*`.
    pub fn version(&self) -> Option<i64> {
        if self.any { None } else { self.versions.first().copied().or(Some(i64::MIN)) }
    }

    /// Refuses when the thing has another version now.
    pub fn check(&self, version: i64) -> std::result::Result<(), Problem> {
        let fits = self.any || self.versions.contains(&version);
        if fits {
            Ok(())
        } else {
            Err(Problem::of(Code::PreconditionFailed).header(header::ETAG, &etag_of(version)))
        }
    }
}

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let mut schema = MetaSchema::new("string");
        schema.max_length = Some(200);
        schema.example = Some("\"3\"".into());
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let text = request.header(header::IF_MATCH).ok_or_else(|| Problem::of(Code::PreconditionRequired))?;
        Ok(Self::parse(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_matches_its_version_and_no_other() {
        assert_eq!(IfMatch::parse(&etag_of(3)).check(3), Ok(()));
        assert_eq!(IfMatch::parse(r#""1", "3""#).check(3), Ok(()));
        assert_eq!(IfMatch::parse("*").check(3), Ok(()));
        for text in [r#""2""#, "3", "", r#"W/"3""#] {
            assert_eq!(IfMatch::parse(text).check(3).unwrap_err().code, Code::PreconditionFailed, "{text}");
        }
    }
}
