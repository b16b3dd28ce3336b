//! What happens to one request between the socket and its handler.

mod access;
mod client;
mod context;
pub mod crash;
mod etag;
mod guard;
mod guarded;
pub mod idempotency;
mod once;
mod origins;
mod page;
mod parameters;
mod race;

pub use self::{
    access::{Access, Authenticate, Member, Permission, Tokens, permissions},
    client::{ClientAddress, Device},
    context::{Context, Spoilt},
    etag::{IfMatch, etag_of},
    guard::{Gate, MAX_JSON_BODY, most_json},
    guarded::{Guarded, refusable},
    once::{FirstAnswer, Once, ShownOnce},
    origins::Origins,
    page::{After, Cursors, Limit, List, Page},
};
pub(crate) use race::latest;
