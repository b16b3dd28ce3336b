//! Strict reading: JSON that means one thing, checked against the published document before a handler sees it.

mod json;
mod payload;
mod schema;

pub use self::{
    json::{Fault, MAX_DEPTH, parse},
    payload::{MergePatch, Parsed, StrictJson},
    schema::{Schemas, check, check_text},
};
