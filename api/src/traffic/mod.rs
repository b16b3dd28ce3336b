//! What applies to every request, whatever it asks for: sockets, limits, request ids, the log, headers, origins and quotas.

mod counters;
mod frame;
mod headers;
mod intake;
mod linger;
mod log;
mod origins;
mod quota;
mod refusal;
mod server;

pub use self::{
    frame::{Frame, Pseudonyms, frame},
    intake::Intake,
    origins::Origins,
    quota::{Allowance, Quota, Quotas},
    server::{ServeError, ServerLimits, serve},
};
