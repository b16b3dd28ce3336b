//! Connections and channels: `migrations/00000000000002_connections`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

use super::{shape::Shape, tenancy::organization_keys};

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![
        connections,
        connection_attempts,
        pending_selections,
        connection_keys,
        connection_tokens,
        channels,
        channel_tokens,
        consents,
    ]
}

table! {
    connections (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        provider -> Text,
        state -> Text,
        person_lookup -> Nullable<Binary>,
        granted -> Array<Text>,
        declined -> Array<Text>,
        expires_at -> Nullable<Timestamptz>,
        data_access_expires_at -> Nullable<Timestamptz>,
        next_check_at -> Nullable<Timestamptz>,
        remote_revoke -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    connection_attempts (id) {
        id -> Uuid,
        organization_id -> Uuid,
        connection_id -> Uuid,
        begun_by_kind -> Text,
        begun_by -> Uuid,
        stage -> Text,
        failure -> Nullable<Text>,
        state_hash -> Binary,
        confirmation_hash -> Nullable<Binary>,
        completion_hash -> Nullable<Binary>,
        return_url -> Nullable<Text>,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

table! {
    pending_selections (attempt_id) {
        attempt_id -> Uuid,
        organization_id -> Uuid,
        person_lookup -> Binary,
        key_id -> Uuid,
        wrapped -> Binary,
        sealed -> Binary,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

table! {
    connection_keys (id) {
        id -> Uuid,
        organization_id -> Uuid,
        connection_id -> Uuid,
        wrapped -> Binary,
        created_at -> Timestamptz,
    }
}

table! {
    connection_tokens (connection_id) {
        connection_id -> Uuid,
        key_id -> Uuid,
        sealed -> Binary,
        issued_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

table! {
    channels (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        connection_id -> Nullable<Uuid>,
        platform -> Text,
        remote_id -> Text,
        name -> Text,
        username -> Nullable<Text>,
        picture_url -> Nullable<Text>,
        state -> Text,
        problem -> Nullable<Text>,
        granted -> Array<Text>,
        missing -> Array<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    channel_tokens (channel_id) {
        channel_id -> Uuid,
        connection_id -> Uuid,
        key_id -> Uuid,
        sealed -> Binary,
        expires_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

table! {
    consents (id) {
        id -> Uuid,
        organization_id -> Uuid,
        connection_id -> Uuid,
        person_id -> Uuid,
        through_kind -> Text,
        through_id -> Uuid,
        policy_version -> Text,
        granted -> Array<Text>,
        declined -> Array<Text>,
        ip_class -> Text,
        closed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

joinable!(connection_attempts -> connections (connection_id));
joinable!(pending_selections -> connection_attempts (attempt_id));
joinable!(connection_tokens -> connections (connection_id));
joinable!(connection_tokens -> connection_keys (key_id));
joinable!(channel_tokens -> channels (channel_id));
joinable!(channel_tokens -> connection_keys (key_id));

allow_tables_to_appear_in_same_query!(
    connections,
    connection_attempts,
    pending_selections,
    connection_keys,
    connection_tokens,
    channels,
    channel_tokens,
    consents,
    organization_keys,
);
