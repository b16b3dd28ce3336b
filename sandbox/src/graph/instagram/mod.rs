//! Instagram professional accounts reached through Facebook Login.
//!
//! Sources: <https://developers.facebook.com/docs/instagram-platform/content-publishing> and the reference pages of
//! `ig-user/media`, `ig-user/media_publish`, `ig-container` and `instagram-media`.

pub(crate) mod caption;
pub(crate) mod container;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod media;
pub(crate) mod profile;
pub(crate) mod publish;
pub(crate) mod status;
