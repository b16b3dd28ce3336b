//! The calendar of a workspace: what is due when, to be looked at, exported and subscribed to.

mod entry;
mod export;
pub mod store;
mod view;

use std::sync::Arc;

use tenancy::{Caller, OrganizationId, Scope, WorkspaceId};

pub use entry::{Entry, Position};
pub use export::{Range, Unwritten, Wanted};
pub use store::{CalendarStore, Count, Part, Selection};
pub use view::{Asked, View, ViewError};

use crate::{id::ChannelId, post::PostError};

/// The use cases of the calendar.
#[derive(Clone)]
pub struct Calendar {
    /// Reads what is due when.
    pub store: Arc<dyn CalendarStore>,
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
        Self { organization, workspace, from: None, until: None, channels: None, statuses: None }
    }
}
