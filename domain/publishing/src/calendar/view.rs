//! Looking at some days of a calendar.

use chrono::NaiveDate;
use scheduling::{
    Tz,
    calendar::{Days, DaysError},
};
use tenancy::{Caller, WorkspaceId};

use super::{Calendar, Count, Entry, Part, Position, Selection, entry::EXCERPT_OF};
use crate::{id::ChannelId, post::PostError, status::PostStatus};

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose calendar.
    pub workspace: WorkspaceId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The zone of whoever looks; the workspace's if they do not say.
    pub zone: Option<Tz>,
    /// Only for this channel.
    pub channel: Option<ChannelId>,
    /// Only with this status.
    pub status: Option<PostStatus>,
    /// Entries after this one.
    pub after: Option<Position>,
    /// At most so many entries.
    pub limit: u16,
}

/// Some days of a calendar.
#[derive(Debug, Clone)]
pub struct View {
    /// The days.
    pub days: Days,
    /// How many entries each day has for each channel, whatever part of them is shown.
    pub counts: Vec<Count>,
    /// The entries of this part, in the order of their positions.
    pub entries: Vec<Entry>,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The days make no calendar.
    #[error(transparent)]
    Days(#[from] DaysError),
    /// It cannot be read.
    #[error(transparent)]
    Post(#[from] PostError),
}

impl Calendar {
    /// Some days as somebody in a zone sees them.
    pub async fn view(&self, caller: &Caller, asked: &Asked) -> Result<View, ViewError> {
        let own = self.enter(caller, asked.workspace, asked.channel).await?;
        let days = Days::new(asked.from, asked.to, asked.zone.unwrap_or(own))?;
        let selection = Selection {
            from: days.starts().first().copied(),
            until: days.starts().last().copied(),
            channels: asked.channel.map(|channel| vec![channel]),
            statuses: asked.status.map(|status| vec![status]),
            ..Selection::of(caller.organization, asked.workspace)
        };
        let counts = self.store.counts(&selection, &days).await?;
        let part = Part { after: asked.after, limit: asked.limit, caption: EXCERPT_OF };
        let entries = self.store.entries(&selection, part).await?;
        Ok(View { days, counts, entries })
    }
}
