//! `tzdata-diff`.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use chrono::SecondsFormat;
use publishing::clocks::{Clocks, Move};

use super::{Failure, print};
use crate::{config::Config, runtime::RunningDatabase};

/// Prints the posts that the next start of the workers moves. Nothing is changed, not even the tables of an older version.
pub(super) async fn run() -> Result<(), Failure> {
    let config = Config::load(std::env::vars_os())?;
    let database = RunningDatabase::start(&config.database, |line| eprintln!("{line}")).await?;
    let found = differences(&config, &database.url).await;
    database.stop().await;
    Ok(print(&found?)?)
}

async fn differences(config: &Config, url: &str) -> Result<String, Failure> {
    let store = Arc::new(postgres::posts::PgClockStore::new(postgres::connect(url, 1).await?));
    let clocks = Clocks { store, timing: config.publishing.timing };
    let (mut page, mut posts) = (String::new(), BTreeSet::new());
    let tell = |change: Move| {
        // A post may have several times, and slots besides.
        posts.insert(change.post);
        // Writing to a text cannot fail.
        let _ = writeln!(page, "{}", line(&change));
    };
    clocks.differences(tell).await?;
    let rules = scheduling::iana_release();
    let verdict = match posts.len() {
        0 => "no post moves".to_owned(),
        1 => "1 post moves when workers start".to_owned(),
        many => format!("{many} posts move when workers start"),
    };
    let _ = writeln!(page, "{verdict} (time zone rules: IANA {rules})");
    Ok(page)
}

/// One post: where, the time on the wall, and the instants.
fn line(change: &Move) -> String {
    let at = |instant: chrono::DateTime<chrono::Utc>| instant.to_rfc3339_opts(SecondsFormat::Secs, true);
    let channel = change.channel.map(|channel| format!(" on {channel}")).unwrap_or_default();
    format!(
        "{}{channel} in {}: {} {} was {} and is {}",
        change.post,
        change.workspace,
        change.schedule.local.format("%Y-%m-%dT%H:%M:%S"),
        change.schedule.zone,
        at(change.from),
        at(change.to),
    )
}
