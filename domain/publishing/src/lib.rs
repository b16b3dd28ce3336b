//! What: platforms, connections, channels, media, posts, approvals and publications.
//!
//! Rules and ports only: nothing here performs I/O, reads a clock or draws a random number by itself.
#![forbid(unsafe_code)]

pub mod approval;
pub mod authorizer;
pub mod backlog;
pub mod calendar;
pub mod clocks;
pub mod connection;
pub mod content;
pub mod event;
pub mod feed;
pub mod id;
pub mod import;
pub mod media;
pub mod platform;
pub mod post;
pub mod posting;
pub mod preflight;
pub mod publication;
pub mod publisher;
pub mod queue;
pub mod refusal;
pub mod series;
pub mod status;
pub mod step;
pub mod timing;
