//! Calendars and feeds: `migrations/00000000000007_calendar`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::{allow_tables_to_appear_in_same_query, table};

use super::{shape::Shape, tenancy::api_keys};

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![calendar_entries, feeds]
}

table! {
    calendar_entries (publication_id) {
        publication_id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        channel_id -> Uuid,
        due_at -> Timestamptz,
        queued -> Bool,
    }
}

table! {
    feeds (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        name -> Text,
        hash -> Binary,
        channels -> Nullable<Array<Uuid>>,
        statuses -> Nullable<Array<Text>>,
        person_id -> Uuid,
        api_key_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

allow_tables_to_appear_in_same_query!(feeds, api_keys);
