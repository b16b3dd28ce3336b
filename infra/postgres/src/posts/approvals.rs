//! Keeping approvals.

use diesel::sql_types::{Bytea, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use publishing::{approval::Approval, post::Post};

use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// Keeps an approval with everything it covers.
pub(super) async fn approve(c: &mut Connection, post: &Post, approval: &Approval) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(
        "INSERT INTO approvals (id, organization_id, post_id, method, person_id, api_key_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(approval.id.uuid())
    .bind::<SqlUuid, _>(post.organization.uuid())
    .bind::<SqlUuid, _>(post.id.uuid())
    .bind::<Text, _>(approval.method.as_str())
    .bind::<SqlUuid, _>(approval.person.uuid())
    .bind::<Nullable<SqlUuid>, _>(approval.api_key.map(|k| k.uuid()))
    .bind::<Timestamptz, _>(approval.at)
    .execute(c)
    .await?;
    for (channel, hash) in &approval.covers {
        prepared("INSERT INTO approved_content (approval_id, channel_id, content_hash) VALUES ($1, $2, $3)")
            .bind::<SqlUuid, _>(approval.id.uuid())
            .bind::<SqlUuid, _>(channel.uuid())
            .bind::<Bytea, _>(&hash.0[..])
            .execute(c)
            .await?;
    }
    Ok(())
}
