//! Who: `migrations/00000000000001_tenancy`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![
        organizations,
        organization_keys,
        persons,
        person_keys,
        acknowledgements,
        memberships,
        workspaces,
        sessions,
        refresh_tokens,
        api_keys,
        api_key_workspaces,
        throttles,
    ]
}

table! {
    organizations (id) {
        id -> Uuid,
        name -> Text,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    organization_keys (id) {
        id -> Uuid,
        organization_id -> Uuid,
        ring_version -> Integer,
        wrapped -> Binary,
        created_at -> Timestamptz,
        rewrapped_at -> Nullable<Timestamptz>,
    }
}

table! {
    persons (id) {
        id -> Uuid,
        mail_lookup -> Binary,
        mail_sealed -> Binary,
        name_sealed -> Nullable<Binary>,
        password_hash -> Text,
        pepper_version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    person_keys (id) {
        id -> Uuid,
        person_id -> Uuid,
        ring_version -> Integer,
        wrapped -> Binary,
        created_at -> Timestamptz,
        rewrapped_at -> Nullable<Timestamptz>,
    }
}

table! {
    acknowledgements (person_id, policy_version) {
        person_id -> Uuid,
        policy_version -> Text,
        is_of_age -> Bool,
        min_age -> SmallInt,
        created_at -> Timestamptz,
    }
}

table! {
    memberships (organization_id, person_id) {
        organization_id -> Uuid,
        person_id -> Uuid,
        role -> Text,
        created_at -> Timestamptz,
    }
}

table! {
    workspaces (id) {
        id -> Uuid,
        organization_id -> Uuid,
        name -> Text,
        time_zone -> Text,
        late_minutes -> Integer,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    sessions (id) {
        id -> Uuid,
        organization_id -> Uuid,
        person_id -> Uuid,
        user_agent_sealed -> Nullable<Binary>,
        address_sealed -> Nullable<Binary>,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        idle_expires_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        end_reason -> Nullable<Text>,
    }
}

table! {
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Uuid,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

table! {
    api_keys (id) {
        id -> Uuid,
        organization_id -> Uuid,
        granted_by -> Uuid,
        name -> Text,
        hash -> Binary,
        scopes -> Array<Text>,
        all_workspaces -> Bool,
        origins -> Array<Text>,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

table! {
    api_key_workspaces (api_key_id, workspace_id) {
        organization_id -> Uuid,
        api_key_id -> Uuid,
        workspace_id -> Uuid,
    }
}

table! {
    throttles (subject) {
        subject -> Binary,
        strikes -> Integer,
        blocked_until -> Timestamptz,
        forget_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

joinable!(person_keys -> persons (person_id));
joinable!(refresh_tokens -> sessions (session_id));
joinable!(memberships -> persons (person_id));
joinable!(api_key_workspaces -> api_keys (api_key_id));

allow_tables_to_appear_in_same_query!(
    organizations,
    organization_keys,
    persons,
    person_keys,
    acknowledgements,
    memberships,
    workspaces,
    sessions,
    refresh_tokens,
    api_keys,
    api_key_workspaces,
    throttles,
);
