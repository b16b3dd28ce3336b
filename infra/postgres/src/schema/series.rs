//! Series and their occurrences: `migrations/00000000000010_series`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::table;

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![series, series_occurrences]
}

table! {
    series (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        caption -> Text,
        link -> Nullable<Text>,
        media -> Jsonb,
        targets -> Jsonb,
        captions -> Jsonb,
        plan -> Jsonb,
        edits -> Jsonb,
        state -> Text,
        reason -> Nullable<Text>,
        next_at -> Nullable<Timestamptz>,
        claimed_until -> Nullable<Timestamptz>,
        instructor_person -> Uuid,
        instructor_key -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    series_occurrences (series_id, original) {
        series_id -> Uuid,
        original -> Timestamp,
        post_id -> Nullable<Uuid>,
        post_version -> BigInt,
        created_at -> Timestamptz,
    }
}
