//! Many posts at once, and imports: `migrations/00000000000008_imports`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::table;

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![bulk_creations, imports, import_rows, import_keys]
}

table! {
    bulk_creations (id) {
        id -> Uuid,
        organization_id -> Uuid,
        posts -> Array<Nullable<Uuid>>,
        created_at -> Timestamptz,
    }
}

table! {
    imports (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        state -> Text,
        reason -> Nullable<Text>,
        dry_run -> Bool,
        time_zone -> Nullable<Text>,
        digest -> Nullable<Binary>,
        author_person -> Uuid,
        author_key -> Nullable<Uuid>,
        author_session -> Nullable<Uuid>,
        schedules -> Bool,
        row_count -> Integer,
        last_row -> Integer,
        read_count -> Integer,
        valid_count -> Integer,
        created_count -> Integer,
        skipped_count -> Integer,
        failed_count -> Integer,
        next_step_at -> Nullable<Timestamptz>,
        epoch -> BigInt,
        failures -> Integer,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

table! {
    import_rows (import_id, number) {
        import_id -> Uuid,
        number -> Integer,
        key -> Text,
        cells -> Nullable<Jsonb>,
        state -> Text,
        post_id -> Nullable<Uuid>,
        violations -> Jsonb,
        created_at -> Timestamptz,
    }
}

table! {
    import_keys (workspace_id, digest) {
        organization_id -> Uuid,
        workspace_id -> Uuid,
        digest -> Binary,
        post_id -> Uuid,
        import_id -> Uuid,
        number -> Integer,
        created_at -> Timestamptz,
    }
}
