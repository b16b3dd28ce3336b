//! Posts and photos of Pages.

use super::picture::Picture;
use super::{Id, World};

/// A post of a Page.
pub(crate) struct Post {
    pub(crate) id: Id,
    pub(crate) page: Id,
    pub(crate) message: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) photos: Vec<Id>,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    /// When lists begin to show it.
    pub(crate) listed_ms: i64,
    pub(crate) published: bool,
    pub(crate) app: Id,
    /// Its entry in the ledger, once it became visible.
    pub(crate) entry: Option<u64>,
}

impl Post {
    /// The id on the wire: `{page}_{post}`.
    pub(crate) fn wire_id(&self) -> String {
        format!("{}_{}", self.page, self.id)
    }

    /// Whether it is the same text post again.
    pub(crate) fn says_the_same(&self, message: Option<&str>, link: Option<&str>) -> bool {
        self.photos.is_empty() && self.message.as_deref() == message && self.link.as_deref() == link
    }
}

/// A photo of a Page.
pub(crate) struct Photo {
    pub(crate) id: Id,
    pub(crate) page: Id,
    pub(crate) caption: Option<String>,
    pub(crate) alt_text: Option<String>,
    pub(crate) picture: Picture,
    pub(crate) created_ms: i64,
    /// The published post that shows it.
    pub(crate) post: Option<Id>,
    pub(crate) published: bool,
}

impl World {
    /// The newest visible post of a Page.
    pub(crate) fn newest_post(&self, page: Id) -> Option<&Post> {
        let ids = self.pages.get(&page)?.posts.iter().rev();
        ids.filter_map(|id| self.posts.get(id)).find(|post| post.published)
    }
}
