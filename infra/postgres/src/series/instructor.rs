//! What is known of the one on whose word a series publishes.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, Bool, Text, Uuid as SqlUuid},
};
use publishing::series::{Instructor, KeyStanding, Series};

use crate::{error::StoreError, pool::Connection, tenancy::role};

#[derive(QueryableByName)]
struct RoleRow {
    #[diesel(sql_type = Text)]
    role: String,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Bool)]
    is_live: bool,
    #[diesel(sql_type = Bool)]
    reaches: bool,
    #[diesel(sql_type = Array<Text>)]
    scopes: Vec<String>,
}

impl From<KeyRow> for KeyStanding {
    /// A scope that this version does not know any more grants nothing.
    fn from(row: KeyRow) -> Self {
        let scopes = row.scopes.iter().filter_map(|text| text.parse().ok()).collect();
        Self { is_live: row.is_live, reaches: row.reaches, scopes }
    }
}

pub(super) async fn find(c: &mut Connection, series: &Series) -> Result<Instructor, StoreError> {
    use diesel_async::RunQueryDsl;
    let roles: Vec<RoleRow> =
        sql_query("SELECT role FROM memberships WHERE organization_id = $1 AND person_id = $2")
            .bind::<SqlUuid, _>(series.organization.uuid())
            .bind::<SqlUuid, _>(series.instructor.person.uuid())
            .load(c)
            .await?;
    let role = roles.as_slice().first().map(|row| role(&row.role)).transpose()?;
    let Some(key) = series.instructor.api_key else { return Ok(Instructor { role, key: None }) };
    let keys: Vec<KeyRow> = sql_query(
        "SELECT k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true) AS is_live, k.scopes,
            k.all_workspaces OR EXISTS (SELECT FROM api_key_workspaces w WHERE w.api_key_id = k.id AND w.workspace_id = $3)
                AS reaches
        FROM api_keys k WHERE k.organization_id = $1 AND k.id = $2",
    )
    .bind::<SqlUuid, _>(series.organization.uuid())
    .bind::<SqlUuid, _>(key.uuid())
    .bind::<SqlUuid, _>(series.workspace.uuid())
    .load(c)
    .await?;
    Ok(Instructor { role, key: keys.into_iter().next().map(KeyStanding::from) })
}
