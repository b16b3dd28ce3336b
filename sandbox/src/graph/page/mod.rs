//! Facebook Pages: profiles, posts, photos.
//!
//! Sources: <https://developers.facebook.com/docs/pages-api/posts>,
//! <https://developers.facebook.com/docs/graph-api/reference/page/feed/>,
//! <https://developers.facebook.com/docs/graph-api/reference/page/photos/>.

pub(crate) mod accounts;
pub(crate) mod attach;
pub(crate) mod feed;
pub(crate) mod list;
pub(crate) mod photo;
pub(crate) mod photos;
pub(crate) mod post;
pub(crate) mod profile;
pub(crate) mod schedule;
