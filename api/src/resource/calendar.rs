//! Calendars: what is due on which day, and exports of it.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use publishing::{
    calendar::{Asked, EntryStatus, Position, Range, Wanted},
    id::Channel,
};
use tenancy::{WorkspaceId, id::Workspace};

use super::{
    Chapter,
    calendar_view::{self, Calendar},
};
use crate::{
    answer::Found,
    export::{self, Csv, Export, Ical},
    problem::Answer,
    request::{Access, After, Cursors, permissions::ReadPosts},
    value::{CalendarStatusName, Date, Id, PostStatusName, Zone},
};

/// The list that cursors are sealed for.
const LIST: &str = "calendar";

const fn many() -> u16 {
    500
}

/// Calendars.
pub struct CalendarResource {
    /// The use cases.
    pub calendar: publishing::calendar::Calendar,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Calendar")]
impl CalendarResource {
    /// See some days of a calendar
    ///
    /// One entry for each publication, one for each post that has a time and is not planned for it, and one for each channel of each
    /// occurrence of a series that has no post yet (`planned`); by day, where the viewer is, and by channel. Counts have all of
    /// them, on every page; entries are in the order of their time.
    #[oai(path = "/workspaces/:workspace_id/calendar", method = "get", operation_id = "getCalendar")]
    #[expect(clippy::too_many_arguments, reason = "the query parameters of the operation")]
    async fn see(
        &self,
        caller: Access<ReadPosts>,
        /// The workspace.
        workspace_id: Path<Id<Workspace>>,
        /// The first day.
        from: Query<Date>,
        /// The last day; at most 62 days in all.
        to: Query<Date>,
        /// Where the viewer is; the workspace's zone if you do not say.
        time_zone: Query<Option<Zone>>,
        /// Only for this channel.
        channel_id: Query<Option<Id<Channel>>>,
        /// Only with this status.
        status: Query<Option<CalendarStatusName>>,
        /// How many entries the page holds at most.
        #[oai(default = "many", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u16>,
        after: Query<After>,
    ) -> Answer<Found<Calendar>> {
        let after = after.0.as_deref();
        let after = after.map(|at| self.cursors.open::<Position>(LIST, caller.organization, at));
        let asked = Asked {
            workspace: workspace_id.0.0,
            from: from.0.0,
            to: to.0.0,
            zone: time_zone.0.map(|zone| zone.0),
            channel: channel_id.0.map(|id| id.0),
            status: status.0.map(|status| status.0),
            after: after.transpose()?,
            // One more than asked for, which tells whether there is a next page.
            limit: limit.0 + 1,
        };
        let mut view = self.calendar.view(&caller, &asked).await?;
        let more = view.entries.len() > usize::from(limit.0);
        view.entries.truncate(limit.0.into());
        let last = view.entries.last().filter(|_| more).map(publishing::calendar::Entry::position);
        let next_cursor = last.map(|last| self.cursors.seal(LIST, caller.organization, &last)).transpose()?;
        let data = calendar_view::by_day(&view.days, &view.counts, view.entries);
        Ok(Found::plain(Calendar { time_zone: Zone(view.days.zone()), data, next_cursor }))
    }

    /// Export posts as comma-separated values
    ///
    /// RFC 4180 in UTF-8, one line for each post in order of creation, drafts included unless days are named. The columns are
    /// those that an import reads back. A cell that begins as a formula does in spreadsheets has an apostrophe before it.
    #[oai(path = "/workspaces/:workspace_id/posts.csv", method = "get", operation_id = "exportPostsCsv")]
    #[expect(clippy::too_many_arguments, reason = "the query parameters of the operation")]
    async fn csv(
        &self,
        caller: Access<ReadPosts>,
        /// The workspace.
        workspace_id: Path<Id<Workspace>>,
        /// Only due on this day or later.
        from: Query<Option<Date>>,
        /// Only due on this day or earlier.
        to: Query<Option<Date>>,
        /// The zone of the days; the workspace's if you do not say.
        time_zone: Query<Option<Zone>>,
        /// Only for this channel.
        channel_id: Query<Option<Id<Channel>>>,
        /// Only with this status.
        status: Query<Option<PostStatusName>>,
    ) -> Answer<Export<Csv>> {
        let status = status.0.map(|status| status.0.into());
        let wanted = wanted(workspace_id.0.0, (from.0, to.0, time_zone.0), channel_id.0, status);
        let selection = self.calendar.select(&caller, &wanted).await?;
        let (head, write) = (export::csv::begin(), export::csv::lines);
        Ok(Export::of(export::posts(&self.calendar, selection, head, write).await?))
    }

    /// Export a calendar as iCalendar
    ///
    /// RFC 5545, one event for each publication, one for each post that has a time and is not planned for it, and one for each channel
    /// of each occurrence of the next year, of a series, that has no post yet.
    #[oai(path = "/workspaces/:workspace_id/posts.ics", method = "get", operation_id = "exportPostsIcs")]
    #[expect(clippy::too_many_arguments, reason = "the query parameters of the operation")]
    async fn ics(
        &self,
        caller: Access<ReadPosts>,
        /// The workspace.
        workspace_id: Path<Id<Workspace>>,
        /// Only due on this day or later.
        from: Query<Option<Date>>,
        /// Only due on this day or earlier.
        to: Query<Option<Date>>,
        /// The zone of the days; the workspace's if you do not say.
        time_zone: Query<Option<Zone>>,
        /// Only for this channel.
        channel_id: Query<Option<Id<Channel>>>,
        /// Only with this status.
        status: Query<Option<CalendarStatusName>>,
    ) -> Answer<Export<Ical>> {
        let status = status.0.map(|status| status.0);
        let wanted = wanted(workspace_id.0.0, (from.0, to.0, time_zone.0), channel_id.0, status);
        let selection = self.calendar.select(&caller, &wanted).await?;
        let (head, write, tail) = (export::ical::begin("Postern"), export::ical::events, export::ical::END);
        Ok(Export::of(export::entries(&self.calendar, selection, head, write, tail).await?))
    }
}

fn wanted(
    workspace: WorkspaceId,
    (from, to, zone): (Option<Date>, Option<Date>, Option<Zone>),
    channel: Option<Id<Channel>>,
    status: Option<EntryStatus>,
) -> Wanted {
    let range =
        Range { from: from.map(|date| date.0), to: to.map(|date| date.0), zone: zone.map(|zone| zone.0) };
    Wanted { workspace, range, channel: channel.map(|id| id.0), status }
}
