//! Instagram containers: what is built before it is published.

use super::Id;
use super::picture::Picture;
use crate::clock::DAY;

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Still processing for this many more looks.
    Building(u32),
    /// Ready to publish.
    Ready,
    /// Failed with a subcode.
    Failed(u64),
    /// Given up before its time.
    Expired,
    /// Published as this media object.
    Published(Id),
}

/// An Instagram container.
pub(crate) struct Container {
    pub(crate) id: Id,
    pub(crate) account: Id,
    pub(crate) caption: Option<String>,
    pub(crate) alt_text: Option<String>,
    /// The picture; absent for a carousel.
    pub(crate) picture: Option<Picture>,
    /// Containers of a carousel, in order.
    pub(crate) children: Vec<Id>,
    /// Whether it may only be part of a carousel.
    pub(crate) child: bool,
    pub(crate) created_ms: i64,
    pub(crate) progress: Progress,
}

impl Container {
    /// Progress now: containers expire 24 hours after they were made
    /// (<https://developers.facebook.com/docs/instagram-platform/content-publishing>).
    pub(crate) fn progress(&self, now: i64) -> Progress {
        match self.progress {
            Progress::Published(_) | Progress::Failed(_) => self.progress,
            _ if now - self.created_ms >= DAY => Progress::Expired,
            other => other,
        }
    }

    /// Progress as one look sees it; looking brings a container that is still processing nearer to its end.
    pub(crate) fn look(&mut self, now: i64) -> Progress {
        let seen = self.progress(now);
        if let Progress::Building(left) = seen {
            self.progress = if left <= 1 { Progress::Ready } else { Progress::Building(left - 1) };
        }
        seen
    }
}
