//! Posting schedules and queues: `migrations/00000000000006_queue`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::table;

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![posting_schedules, channel_queues]
}

table! {
    posting_schedules (workspace_id) {
        workspace_id -> Uuid,
        organization_id -> Uuid,
        schedule -> Jsonb,
        refill -> Text,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    channel_queues (channel_id) {
        channel_id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        flow -> Text,
        schedule -> Nullable<Jsonb>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
