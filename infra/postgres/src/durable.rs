//! Whether a commit outlives the server. The permit to publish rests on it: one that was forgotten would be given again.

use diesel::{QueryableByName, sql_types::Text};

use crate::{error::StoreError, pool::connect_alone};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The settings of the server under which commits that it confirmed can be lost when it fails. None, on a durable one; see
/// <https://www.postgresql.org/docs/current/non-durability.html>.
pub async fn unsafe_settings(url: &str) -> Result<Vec<String>, StoreError> {
    use diesel_async::RunQueryDsl;
    let mut connection = connect_alone(url).await?;
    let settings: Vec<Setting> = diesel::sql_query(
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'off'
        ORDER BY name",
    )
    .load(&mut connection)
    .await?;
    Ok(settings.into_iter().map(|setting| setting.name).collect())
}
