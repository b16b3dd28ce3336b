//! The Graph error object, and the errors that more than one endpoint answers.
//!
//! Shape: <https://developers.facebook.com/docs/graph-api/guides/error-handling>.

use serde_json::{Map, Value, json};

use crate::world::Id;

/// An error as Graph answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    /// HTTP status.
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) subcode: Option<u64>,
    pub(crate) message: String,
    /// `type`.
    pub(crate) kind: &'static str,
    pub(crate) transient: Option<bool>,
    /// Title and text for people.
    pub(crate) user: Option<(String, String)>,
}

/// The status that goes with a code when nothing else is said.
fn status_of(code: i64) -> u16 {
    match code {
        1 | 2 | -1 => 500,
        4 | 10 | 200..=299 => 403,
        _ => 400,
    }
}

impl GraphError {
    /// An `OAuthException`, which most errors are.
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        let (status, message) = (status_of(code), message.into());
        Self { status, code, subcode: None, message, kind: "OAuthException", transient: None, user: None }
    }

    /// A `GraphMethodException`.
    pub(crate) fn method(code: i64, message: impl Into<String>) -> Self {
        Self { kind: "GraphMethodException", ..Self::new(code, message) }
    }

    /// With a subcode.
    pub(crate) fn sub(self, subcode: u64) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    /// With a title and a text for people; such errors always say whether they are transient.
    pub(crate) fn user(self, title: &str, text: &str) -> Self {
        let transient = Some(self.transient.unwrap_or(false));
        Self { user: Some((title.to_owned(), text.to_owned())), transient, ..self }
    }

    /// The body.
    pub(crate) fn body(&self, trace: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".into(), json!(self.message));
        error.insert("type".into(), json!(self.kind));
        error.insert("code".into(), json!(self.code));
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".into(), json!(subcode));
        }
        if let Some(transient) = self.transient {
            error.insert("is_transient".into(), json!(transient));
        }
        if let Some((title, text)) = &self.user {
            error.insert("error_user_title".into(), json!(title));
            error.insert("error_user_msg".into(), json!(text));
        }
        error.insert("fbtrace_id".into(), json!(trace));
        json!({ "error": error })
    }

    /// Value of `WWW-Authenticate`, which authentication errors carry.
    pub(crate) fn challenge(&self) -> Option<String> {
        let reason = match self.code {
            190 => "invalid_token",
            102 | 104 | 2500 => "invalid_request",
            _ => return None,
        };
        let message: String =
            self.message.chars().filter(|c| c.is_ascii() && !c.is_control() && *c != '"').collect();
        Some(format!("OAuth \"Facebook Platform\" \"{reason}\" \"{message}\""))
    }
}

/// A parameter is missing.
pub(crate) fn missing(name: &str) -> GraphError {
    GraphError::new(100, format!("(#100) The parameter {name} is required"))
}

/// The object is not there, or not for this token: Graph does not tell which.
pub(crate) fn no_such_object(method: &str, id: impl std::fmt::Display) -> GraphError {
    let message = format!(
        "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
         or does not support this operation. Please read the Graph API documentation at \
         https://developers.facebook.com/docs/graph-api",
        method.to_ascii_lowercase()
    );
    GraphError::method(100, message).sub(33)
}

/// A field that this kind of node does not have.
pub(crate) fn no_such_field(field: &str, node: &str) -> GraphError {
    GraphError::new(100, format!("(#100) Tried accessing nonexisting field ({field}) on node type ({node})"))
}

/// The proof does not belong to the token.
pub(crate) fn bad_proof() -> GraphError {
    GraphError::method(100, "Invalid appsecret_proof provided in the API argument")
}

/// The token has become invalid.
pub(crate) fn dead_token(subcode: u64, person: Id, app: Id) -> GraphError {
    let reason = match subcode {
        458 => format!("The user has not authorized application {app}."),
        459 => "The user is enrolled in a blocking, logged-in checkpoint".to_owned(),
        460 => "The session has been invalidated because the user changed their password or Facebook has changed \
                the session for security reasons."
            .to_owned(),
        463 => "Session has expired.".to_owned(),
        464 => "Sessions for the user are not allowed because the user is not a confirmed user.".to_owned(),
        467 => "The session is invalid because the user logged out.".to_owned(),
        492 => format!("The user {person} does not have an appropriate role on the Page."),
        _ => "The session was invalidated explicitly using an API call.".to_owned(),
    };
    GraphError::new(190, format!("Error validating access token: {reason}")).sub(subcode)
}

/// Publishing on a Page without the permissions, the task or a Page token.
pub(crate) fn may_not_post() -> GraphError {
    GraphError::new(
        200,
        "(#200) If posting to a group, requires app being installed in the group, and either publish_to_groups \
         permission with user token, or both pages_read_engagement and pages_manage_posts permission with page \
         token; If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with \
         sufficient administrative permission",
    )
}

/// Reading a Page without the permission.
pub(crate) fn may_not_read() -> GraphError {
    GraphError::new(
        10,
        "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' \
         feature or the 'Page Public Metadata Access' feature. Refer to \
         https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages for details.",
    )
}

/// Using Instagram without the permission.
pub(crate) fn app_may_not() -> GraphError {
    GraphError::new(10, "(#10) Application does not have permission for this action")
}
