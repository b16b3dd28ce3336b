//! Idempotency keys: `migrations/00000000000005_idempotency`.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

use diesel::table;

use super::shape::Shape;

/// The tables of this file.
pub fn tables() -> Vec<Shape> {
    crate::shapes![idempotency_keys]
}

table! {
    idempotency_keys (organization_id, actor_id, operation, key_hash) {
        organization_id -> Uuid,
        actor_id -> Uuid,
        operation -> Text,
        key_hash -> Binary,
        body_hash -> Binary,
        claim_id -> Uuid,
        state -> Text,
        made_id -> Nullable<Uuid>,
        answer_key_id -> Nullable<Uuid>,
        answer_key -> Nullable<Binary>,
        answer_sealed -> Nullable<Binary>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}
