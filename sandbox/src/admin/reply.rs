//! How the admin API refuses.

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

use crate::world::Id;

/// Why a call was refused.
#[derive(Debug, Object)]
pub(crate) struct Reason {
    /// For people.
    message: String,
}

/// A refusal.
#[derive(Debug, ApiResponse)]
pub(crate) enum Refusal {
    /// The body or a parameter is wrong.
    #[oai(status = 400)]
    Invalid(Json<Reason>),
    /// Something that is named does not exist.
    #[oai(status = 404)]
    Unknown(Json<Reason>),
}

impl Refusal {
    /// The body or a parameter is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(Json(Reason { message: message.into() }))
    }

    /// Something that is named does not exist.
    pub(crate) fn unknown(what: &str, id: impl std::fmt::Display) -> Self {
        Self::Unknown(Json(Reason { message: format!("there is no {what} {id}") }))
    }
}

/// An answer or a refusal.
pub(crate) type Reply<T> = Result<Json<T>, Refusal>;

/// Reads an id.
pub(crate) fn id(text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| Refusal::invalid(format!("`{text}` is not an id: ids are decimal numbers")))
}

/// Nothing to say but that it is done.
#[derive(Debug, Object)]
pub(crate) struct Done {
    /// Always true.
    ok: bool,
}

/// It is done.
pub(crate) fn done() -> Json<Done> {
    Json(Done { ok: true })
}
