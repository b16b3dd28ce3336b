//! Posts, approvals and publications: `migrations/00000000000004_publishing` and `00000000000009_preflight`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::table;

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![
        posts,
        post_targets,
        approvals,
        approved_content,
        publications,
        attempts,
        events,
        preflights
    ]
}

table! {
    posts (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        caption -> Text,
        link -> Nullable<Text>,
        media -> Jsonb,
        local_time -> Nullable<Timestamp>,
        time_zone -> Nullable<Text>,
        due_at -> Nullable<Timestamptz>,
        scheduled -> Bool,
        own_due_at -> Nullable<Timestamptz>,
        version -> BigInt,
        author_person -> Uuid,
        author_key -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        late_minutes -> Nullable<Integer>,
    }
}

table! {
    post_targets (post_id, channel_id) {
        post_id -> Uuid,
        channel_id -> Uuid,
        place -> SmallInt,
        caption -> Nullable<Text>,
        changes_link -> Bool,
        link -> Nullable<Text>,
        media -> Nullable<Jsonb>,
        timing -> Text,
        local_time -> Nullable<Timestamp>,
        time_zone -> Nullable<Text>,
        due_at -> Nullable<Timestamptz>,
    }
}

table! {
    approvals (id) {
        id -> Uuid,
        organization_id -> Uuid,
        post_id -> Uuid,
        method -> Text,
        person_id -> Uuid,
        api_key_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

table! {
    approved_content (approval_id, channel_id, content_hash) {
        approval_id -> Uuid,
        channel_id -> Uuid,
        content_hash -> Binary,
    }
}

table! {
    publications (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        post_id -> Uuid,
        channel_id -> Uuid,
        platform -> Text,
        remote_id -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        needs_person -> Bool,
        taken_back -> Bool,
        declared -> Bool,
        due_at -> Timestamptz,
        deadline_at -> Timestamptz,
        next_step_at -> Nullable<Timestamptz>,
        epoch -> BigInt,
        plan_epoch -> BigInt,
        worker -> Nullable<BigInt>,
        failures -> Integer,
        looks -> Integer,
        content -> Jsonb,
        content_hash -> Binary,
        approval_id -> Uuid,
        handles -> Jsonb,
        permitted_at -> Nullable<Timestamptz>,
        first_permitted_at -> Nullable<Timestamptz>,
        platform_post_id -> Nullable<Text>,
        permalink -> Nullable<Text>,
        published_at -> Nullable<Timestamptz>,
        queued -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    attempts (publication_id, id) {
        id -> BigInt,
        organization_id -> Uuid,
        publication_id -> Uuid,
        epoch -> BigInt,
        step -> Text,
        verdict -> Text,
        reason -> Nullable<Text>,
        status -> Nullable<Integer>,
        code -> Nullable<BigInt>,
        subcode -> Nullable<BigInt>,
        created_at -> Timestamptz,
    }
}

table! {
    events (organization_id, written_by, id) {
        id -> BigInt,
        organization_id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        created_at -> Timestamptz,
        written_by -> BigInt,
    }
}

table! {
    preflights (publication_id) {
        publication_id -> Uuid,
        organization_id -> Uuid,
        plan_epoch -> BigInt,
        stage -> SmallInt,
        warnings -> Jsonb,
        checked_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}
