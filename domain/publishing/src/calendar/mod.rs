//! The calendar of a workspace: what is due when, to be looked at, exported and subscribed to.

mod entry;
mod export;
mod planned;
mod status;
pub mod store;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenancy::{Caller, Clock, OrganizationId, Scope, WorkspaceId};

pub use entry::{Entry, Position};
pub use export::{Range, Unwritten, Wanted};
pub use planned::Coming;
pub use status::EntryStatus;
pub use store::{CalendarStore, Count, Part, Selection};
pub use view::{Asked, View, ViewError};

use crate::{id::ChannelId, post::PostError};

/// The use cases of the calendar.
#[derive(Clone)]
pub struct Calendar {
    /// Reads what is due when.
    pub store: Arc<dyn CalendarStore>,
    /// Tells the time: what is planned lies ahead.
    pub clock: Arc<dyn Clock>,
}

impl Calendar {
    /// The zone of a workspace that the caller may read, with these channels. A channel of another workspace does not exist.
    async fn enter(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        channel: Option<ChannelId>,
    ) -> Result<scheduling::Tz, PostError> {
        caller.may(Scope::PostsRead)?;
        let channels: Vec<_> = channel.into_iter().collect();
        let zone = if caller.reaches(workspace) {
            self.store.zone(caller.organization, workspace, &channels).await?
        } else {
            None
        };
        zone.ok_or(PostError::NotFound)
    }
}

impl Selection {
    /// Everything of a workspace.
    pub const fn of(organization: OrganizationId, workspace: WorkspaceId) -> Self {
        let (from, until, planned_until) = (None, None, None);
        Self { organization, workspace, from, until, channels: None, statuses: None, planned_until }
    }

    /// Only what stands so; planned occurrences before this instant among it, if they do.
    #[must_use]
    pub(crate) fn standing(self, statuses: Option<&[EntryStatus]>, planned_until: DateTime<Utc>) -> Self {
        let is_among = statuses.is_none_or(|statuses| statuses.contains(&EntryStatus::Planned));
        let of_posts = |statuses: &[EntryStatus]| statuses.iter().filter_map(|one| one.of_post()).collect();
        let statuses = statuses.map(of_posts);
        Self { statuses, planned_until: is_among.then_some(planned_until), ..self }
    }
}
