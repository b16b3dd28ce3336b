//! Media: `migrations/00000000000003_media`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![media_keys, media_objects, media_assets]
}

table! {
    media_keys (id) {
        id -> Uuid,
        organization_id -> Uuid,
        wrapped -> Binary,
        created_at -> Timestamptz,
    }
}

table! {
    media_objects (id) {
        id -> Uuid,
        organization_id -> Uuid,
        name -> Text,
        digest -> Binary,
        bytes -> BigInt,
        content_key_sealed -> Binary,
        state -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    media_assets (id) {
        id -> Uuid,
        organization_id -> Uuid,
        workspace_id -> Uuid,
        object_id -> Nullable<Uuid>,
        digest -> Binary,
        kind -> Text,
        width -> Integer,
        height -> Integer,
        duration_ms -> Nullable<BigInt>,
        bytes -> BigInt,
        alt_text -> Nullable<Text>,
        filename -> Nullable<Text>,
        created_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

joinable!(media_assets -> media_objects (object_id));

allow_tables_to_appear_in_same_query!(media_keys, media_objects, media_assets, organization_keys);

use super::tenancy::organization_keys;
