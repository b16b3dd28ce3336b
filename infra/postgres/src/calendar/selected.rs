//! What a selection means in SQL. The statements of this folder share its placeholders, `$1` to `$8`.

use chrono::{DateTime, Utc};
use publishing::{
    calendar::Selection,
    id::ChannelId,
    status::{PostStatus, parts_that_show},
};
use uuid::Uuid;

/// Publications: `at`, `channel_id`, `id`, `is_planned`. Further conditions may follow. Without a filter by status the index
/// `calendar_entries_by_time` has all of it.
pub(super) const PLANNED: &str =
    "SELECT e.due_at AS at, e.channel_id, e.publication_id AS id, true AS is_planned FROM calendar_entries e
    WHERE e.workspace_id = (SELECT w.id FROM workspaces w WHERE w.organization_id = $1 AND w.id = $2)
    AND e.due_at >= coalesce($3, '-infinity') AND e.due_at < coalesce($4, 'infinity')
    AND ($5 IS NULL OR e.channel_id = ANY ($5))
    AND ($6 IS NULL OR EXISTS (SELECT FROM publications p
        WHERE p.id = e.publication_id AND (p.state, p.needs_person) IN (SELECT * FROM unnest($6, $7))))";

/// Posts that have a time and no publication: the same columns, with zero for the channel. Further conditions may follow.
pub(super) const UNPLANNED: &str =
    "SELECT o.due_at AS at, '00000000-0000-0000-0000-000000000000'::uuid AS channel_id, o.id, false AS is_planned FROM posts o
    WHERE $8 AND o.workspace_id = (SELECT w.id FROM workspaces w WHERE w.organization_id = $1 AND w.id = $2)
    AND NOT o.scheduled AND o.due_at IS NOT NULL
    AND o.due_at >= coalesce($3, '-infinity') AND o.due_at < coalesce($4, 'infinity')
    AND ($5 IS NULL OR EXISTS (SELECT FROM post_targets t WHERE t.post_id = o.id AND t.channel_id = ANY ($5)))
    AND NOT EXISTS (SELECT FROM publications p WHERE p.post_id = o.id)";

/// The values of the placeholders.
pub(super) struct Selected {
    pub(super) organization: Uuid,
    pub(super) workspace: Uuid,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) channels: Option<Vec<Uuid>>,
    pub(super) states: Option<Vec<&'static str>>,
    pub(super) needs_person: Option<Vec<bool>>,
    pub(super) with_drafts: bool,
}

impl From<&Selection> for Selected {
    fn from(selection: &Selection) -> Self {
        let statuses = selection.statuses.as_deref();
        let parts = statuses.map(parts_that_show);
        let channels = selection.channels.as_ref();
        Self {
            organization: selection.organization.uuid(),
            workspace: selection.workspace.uuid(),
            from: selection.from,
            until: selection.until,
            channels: channels.map(|channels| channels.iter().map(ChannelId::uuid).collect()),
            states: parts.as_ref().map(|parts| parts.iter().map(|part| part.state.as_str()).collect()),
            needs_person: parts.as_ref().map(|parts| parts.iter().map(|part| part.needs_person).collect()),
            with_drafts: statuses.is_none_or(|statuses| statuses.contains(&PostStatus::Draft)),
        }
    }
}

/// A statement with the values of a selection; what more it needs is `$9` and so on.
macro_rules! select {
    ($statement:expr, $selection:expr) => {{
        use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
        let selected = $crate::calendar::selected::Selected::from($selection);
        diesel::sql_query($statement)
            .bind::<SqlUuid, _>(selected.organization)
            .bind::<SqlUuid, _>(selected.workspace)
            .bind::<Nullable<Timestamptz>, _>(selected.from)
            .bind::<Nullable<Timestamptz>, _>(selected.until)
            .bind::<Nullable<Array<SqlUuid>>, _>(selected.channels)
            .bind::<Nullable<Array<Text>>, _>(selected.states)
            .bind::<Nullable<Array<Bool>>, _>(selected.needs_person)
            .bind::<Bool, _>(selected.with_drafts)
    }};
}
pub(super) use select;
