//! The views, and the table of what they took.

use std::{
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};

use chrono::{NaiveDate, TimeDelta, Utc};
use cluster::Cluster;
use futures::future::try_join_all;
use reqwest::Method;
use tokio::time::Instant;

use crate::stage::{
    Result,
    front_end::FrontEnd,
    meter,
    process::Process,
    quantiles::{Quantiles, ms, per_one, per_second},
    table,
};

const COLUMNS: [&str; 8] = [
    "view",
    "connections",
    "per second",
    "p50 ms",
    "p99 ms",
    "CPU ms each: API",
    "database",
    "API MiB, peak",
];

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    Month,
    Counts,
    Week,
    Lines,
    Events,
}

impl View {
    /// Everything that is measured.
    pub(crate) const ALL: [Self; 5] = [Self::Month, Self::Counts, Self::Week, Self::Lines, Self::Events];

    const fn name(self) -> &'static str {
        match self {
            Self::Month => "a month, its first 500 entries",
            Self::Counts => "a month, counts and one entry",
            Self::Week => "a week, its first 500 entries",
            Self::Lines => "everything as comma-separated values",
            Self::Events => "everything as iCalendar",
        }
    }

    /// What is asked for; views begin on this day.
    fn query(self, from: NaiveDate) -> String {
        let view = |days, limit| {
            let to = from + TimeDelta::days(days);
            format!("calendar?from={from}&to={to}&time_zone=Europe/Berlin&limit={limit}")
        };
        match self {
            Self::Month => view(30, 500),
            Self::Counts => view(30, 1),
            Self::Week => view(6, 500),
            Self::Lines => "posts.csv".to_owned(),
            Self::Events => "posts.ics".to_owned(),
        }
    }
}

/// Somebody who looks.
pub(crate) struct Desk {
    pub(crate) front_end: FrontEnd,
    pub(crate) workspace: String,
    pub(crate) keys: Vec<String>,
    pub(crate) days: i32,
    pub(crate) turn: AtomicI32,
}

/// What came of it.
pub(crate) struct Sample {
    times: Quantiles,
    elapsed: Duration,
    api: Duration,
    database: Duration,
    memory: f64,
}

impl Desk {
    /// Looks over so many connections for so long.
    pub(crate) async fn look(
        &self,
        (api, cluster): (&Process, &Cluster),
        view: View,
        connections: usize,
        time: Duration,
    ) -> Result<Sample> {
        self.once(view).await?;
        let before = (meter::cpu(api.pid)?, meter::database_cpu(cluster).await?);
        let began = Instant::now();
        let loops = (0..connections).map(|_| self.repeat(view, began + time));
        let times = try_join_all(loops).await?.into_iter().flatten().collect();
        Ok(Sample {
            times,
            elapsed: began.elapsed(),
            api: meter::cpu(api.pid)?.saturating_sub(before.0),
            database: meter::database_cpu(cluster).await?.saturating_sub(before.1),
            memory: meter::peak_memory(api.pid)?,
        })
    }

    async fn repeat(&self, view: View, until: Instant) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while Instant::now() < until {
            let began = Instant::now();
            self.once(view).await?;
            times.push(began.elapsed());
        }
        Ok(times)
    }

    async fn once(&self, view: View) -> Result<()> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let key = &self.keys[usize::try_from(turn)? % self.keys.len()];
        // Steps of eleven days, so that no two neighbours look at the same rows.
        let ahead = i64::from(turn) * 11 % i64::from((self.days - 30).max(1));
        let from = (Utc::now() + TimeDelta::days(2 + ahead)).date_naive();
        let path = format!("/v1/workspaces/{}/{}", self.workspace, view.query(from));
        let mut answer = self.front_end.request(Method::GET, &path, key).send().await?.error_for_status()?;
        while answer.chunk().await?.is_some() {}
        Ok(())
    }
}

/// The heading of the table, in Markdown.
pub(crate) fn heading() -> String {
    table::heading(&COLUMNS)
}

/// A line of the table.
pub(crate) fn line(view: View, connections: usize, sample: &Sample) -> String {
    let count = sample.times.count();
    let cells = [
        view.name().to_owned(),
        connections.to_string(),
        per_second(count, sample.elapsed),
        ms(sample.times.at(50)),
        ms(sample.times.at(99)),
        per_one(sample.api, count),
        per_one(sample.database, count),
        format!("{:.0}", sample.memory),
    ];
    table::line(&cells)
}
