//! An upload as an argument: `multipart/form-data` whose last part is the file, which is read while it arrives.

use std::sync::{Arc, Mutex};

use futures::{StreamExt, TryStreamExt};
use poem::{
    FromRequest, Request, RequestBody, Result,
    web::{Field, Multipart},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use publishing::media::{
    MAX_ALT_TEXT, NewMedia,
    inspector::{Incoming, IncomingError},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use tenancy::{WorkspaceId, id::Workspace};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::{
    problem::{Code, Pointer, Problem, Violation},
    request::FirstAnswer,
    value::Id,
};

/// The most that a part other than the file may have, in bytes: four for each character of the longest text.
const MAX_TEXT: u64 = 4 * MAX_ALT_TEXT as u64;

/// The form, of which everything before the file was read. What follows the file is not read.
pub(super) struct MediaForm {
    /// What is said about the file.
    pub(super) new: NewMedia,
    /// The file.
    pub(super) file: Incoming,
    /// What an upload with the same key and the same other parts was answered.
    pub(super) first: Option<FirstAnswer>,
}

/// A form that waits for its handler; it is taken once.
type Opened = Mutex<Option<(NewMedia, Incoming)>>;

/// Whether the request has a form.
pub(crate) fn is_open(request: &Request) -> bool {
    request.data::<Arc<Opened>>().is_some()
}

/// Reads the parts before the file and keeps them for the handler. Returns the digest of what tells one upload from another, but
/// for the file itself: the workspace, the alternative text and the file's name.
pub(crate) async fn open(request: &mut Request) -> Result<[u8; 32], Problem> {
    let mut body = RequestBody::new(request.take_body());
    let parts =
        <Multipart as FromRequest>::from_request(request, &mut body).await.map_err(|_| malformed())?;
    let (new, file) = read(parts).await?;
    let asked = json!([new.workspace.to_string(), new.alt_text, new.filename]);
    let opened: Opened = Mutex::new(Some((new, file)));
    request.extensions_mut().insert(Arc::new(opened));
    Ok(Sha256::digest(asked.to_string()).into())
}

async fn read(mut parts: Multipart) -> Result<(NewMedia, Incoming), Problem> {
    let (mut workspace, mut alt_text) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        match part.name() {
            Some("workspace_id") if workspace.is_none() => workspace = Some(workspace_id(part).await?),
            Some("alt_text") if alt_text.is_none() => alt_text = Some(text(part, "alt_text").await?),
            Some("file") => {
                let missing = || wrong("workspace_id", "required", "This part must stand before the file.");
                let new = NewMedia {
                    workspace: workspace.ok_or_else(missing)?,
                    alt_text: alt_text.filter(|text| !text.is_empty()),
                    filename: part.file_name().map(str::to_owned),
                    content_type: part.content_type().map(str::to_owned),
                    fence: None,
                };
                return Ok((new, incoming(part)));
            }
            Some("workspace_id" | "alt_text") => {
                return Err(wrong("", "repeated", "A part stands there twice."));
            }
            _ => {
                return Err(wrong(
                    "",
                    "unknown_field",
                    "The form has a part that the document does not know.",
                ));
            }
        }
    }
    Err(wrong("file", "required", "The form has no part `file`."))
}

fn incoming(part: Field) -> Incoming {
    ReaderStream::with_capacity(part.into_async_read(), 64 * 1024)
        .map_err(|_| IncomingError::Interrupted)
        .boxed()
}

async fn workspace_id(part: Field) -> Result<WorkspaceId, Problem> {
    let text = text(part, "workspace_id").await?;
    text.parse().map_err(|_| wrong("workspace_id", "invalid", "This is not the identifier of a workspace."))
}

async fn text(part: Field, name: &'static str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    part.into_async_read().take(MAX_TEXT + 1).read_to_end(&mut bytes).await.map_err(|_| malformed())?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(wrong(name, "too_long", "This part is too long."));
    }
    String::from_utf8(bytes).map_err(|_| wrong(name, "invalid", "This part is not UTF-8."))
}

fn wrong(name: &'static str, code: &'static str, detail: &'static str) -> Problem {
    let pointer = if name.is_empty() { Pointer::default() } else { Pointer::to(name) };
    Problem::invalid(vec![Violation::body(pointer, code, detail)])
}

fn malformed() -> Problem {
    Problem::new(Code::MalformedRequest, "The form is not valid multipart/form-data, or broke off.")
}

/// The schema of the form.
fn schema() -> MetaSchemaRef {
    let mut workspace = Id::<Workspace>::schema_ref();
    let mut alt_text = MetaSchema::new("string");
    alt_text.max_length = Some(MAX_ALT_TEXT);
    alt_text.description = Some("For people who cannot see it.");
    let mut file = MetaSchema::new_with_format("string", "binary");
    file.description = Some("The file; the last part of the form.");
    if let MetaSchemaRef::Inline(workspace) = &mut workspace {
        workspace.description = Some("The workspace.");
    }
    let mut form = MetaSchema::new("object");
    form.required = vec!["workspace_id", "file"];
    form.properties = vec![
        ("workspace_id", workspace),
        ("alt_text", MetaSchemaRef::Inline(Box::new(alt_text))),
        ("file", MetaSchemaRef::Inline(Box::new(file))),
    ];
    MetaSchemaRef::Inline(Box::new(form))
}

impl<'a> ApiExtractor<'a> for MediaForm {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "multipart/form-data", schema: schema() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let opened = request.data::<Arc<Opened>>().and_then(|opened| opened.lock().ok()?.take());
        let (new, file) = opened.ok_or_else(|| Problem::internal("a form was read without its guard"))?;
        Ok(Self { new, file, first: request.data().cloned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDARY: &str = "xxBOUNDARYxx";

    /// A form of parts, each the headers' extra parameters and the content.
    fn form(parts: &[(&str, &str)]) -> Request {
        let part = |(head, content): &(&str, &str)| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        };
        let parts = parts.iter().map(part).collect::<Vec<_>>().concat();
        Request::builder()
            .content_type(&format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(format!("{parts}--{BOUNDARY}--\r\n"))
    }

    async fn read(mut request: Request) -> Result<(NewMedia, Vec<u8>), Problem> {
        open(&mut request).await?;
        let (request, mut body) = request.split();
        let form =
            <MediaForm as ApiExtractor>::from_request(&request, &mut body, ExtractParamOptions::default())
                .await?;
        Ok((form.new, form.file.try_collect::<Vec<_>>().await.unwrap().concat()))
    }

    async fn refused(parts: &[(&str, &str)]) -> (String, &'static str) {
        let problem = read(form(parts)).await.err().unwrap();
        (problem.violations[0].pointer.to_string(), problem.violations[0].code)
    }

    const FILE: (&str, &str) = ("name=\"file\"; filename=\"cat.jpg\"\r\nContent-Type: image/jpeg", "picture");

    #[tokio::test]
    async fn the_parts_before_the_file_are_read_and_the_file_is_handed_on() {
        let workspace = WorkspaceId::new();
        let id = workspace.to_string();
        let parts = [("name=\"workspace_id\"", id.as_str()), ("name=\"alt_text\"", "A cät"), FILE];
        let (new, file) = read(form(&parts)).await.unwrap();
        assert_eq!(new.workspace, workspace);
        assert_eq!(new.alt_text.as_deref(), Some("A cät"));
        assert_eq!(
            (new.filename.as_deref(), new.content_type.as_deref()),
            (Some("cat.jpg"), Some("image/jpeg"))
        );
        assert_eq!(file, b"picture");
    }

    #[tokio::test]
    async fn what_is_said_about_a_file_tells_uploads_apart() {
        let id = WorkspaceId::new().to_string();
        let other = WorkspaceId::new().to_string();
        let asked = async |workspace: &str, alt_text: &str, file: (&str, &str)| {
            let parts = [("name=\"workspace_id\"", workspace), ("name=\"alt_text\"", alt_text), file];
            open(&mut form(&parts)).await.unwrap()
        };
        let first = asked(&id, "A cat", FILE).await;
        let renamed = ("name=\"file\"; filename=\"dog.jpg\"\r\nContent-Type: image/jpeg", "picture");
        assert_eq!(asked(&id, "A cat", (FILE.0, "another")).await, first, "the file is compared later");
        assert_ne!(asked(&other, "A cat", FILE).await, first);
        assert_ne!(asked(&id, "A dog", FILE).await, first);
        assert_ne!(asked(&id, "A cat", renamed).await, first);
    }

    #[tokio::test]
    async fn a_form_that_is_not_the_documents_is_refused_with_the_part_that_is_wrong() {
        let id = WorkspaceId::new().to_string();
        let workspace = ("name=\"workspace_id\"", id.as_str());
        assert_eq!(refused(&[FILE]).await, ("/workspace_id".to_owned(), "required"));
        assert_eq!(refused(&[workspace]).await, ("/file".to_owned(), "required"));
        assert_eq!(
            refused(&[("name=\"workspace_id\"", "ws_1"), FILE]).await,
            ("/workspace_id".to_owned(), "invalid")
        );
        assert_eq!(refused(&[workspace, workspace, FILE]).await, (String::new(), "repeated"));
        assert_eq!(
            refused(&[workspace, ("name=\"owner\"", "me"), FILE]).await,
            (String::new(), "unknown_field")
        );
        let long = "x".repeat(4_001);
        assert_eq!(
            refused(&[("name=\"alt_text\"", &long), workspace, FILE]).await,
            ("/alt_text".to_owned(), "too_long")
        );
    }

    #[tokio::test]
    async fn what_is_no_form_is_malformed() {
        let without = Request::builder().content_type("multipart/form-data").body("x");
        assert_eq!(read(without).await.err().unwrap().code, Code::MalformedRequest);
        let cut = Request::builder().content_type(&format!("multipart/form-data; boundary={BOUNDARY}")).body(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"alt_text\"\r\n\r\ncut off"),
        );
        assert_eq!(read(cut).await.err().unwrap().code, Code::MalformedRequest);
    }
}
