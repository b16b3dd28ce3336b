//! One case: so many posts due at one instant, a worker that is started for it, and what came of it.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Timestamptz},
};
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    backlog,
    house::House,
    ledger::{self, Verdict},
    observer::Observer,
    stage::{Result, meter, process::Process},
};

/// Between the last request of the set-up and the quiet time: to clean up, to start the worker and to warm it up.
const REST: Duration = Duration::from_secs(24);
/// Publications of the warm-up: a worker runs for months, and what it does for the first time is no part of what one costs.
pub(crate) const WARM_UP: usize = 200;
/// The quiet time before a burst, in which the program and the database do what they do anyway.
const QUIET: Duration = Duration::from_secs(15);
/// How long before the quiet time the warm-up is due. Its connections to the platform have idled away when the burst is due.
const WARM_UP_LEAD: Duration = Duration::from_secs(9);
/// How long before the due time the measurement of the burst begins; the first permit comes a second ahead.
const ARMED: TimeDelta = TimeDelta::seconds(2);
/// The states in which a publication has no result.
const OPEN: &str = "'scheduled', 'preparing', 'ready', 'publishing', 'unconfirmed'";

/// What is measured.
pub(crate) struct Case {
    /// Publications due at one instant.
    pub(crate) publications: usize,
    /// How long every call to the platform takes.
    pub(crate) latency: Duration,
    /// Irreversible calls at once, if not the default.
    pub(crate) sends: Option<usize>,
}

/// CPU time, without that of whoever asks.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) worker: Duration,
    pub(crate) database: Duration,
    pub(crate) sandbox: Duration,
}

/// What came of a case.
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) costs: Costs,
    /// The worker's peak, in MiB.
    pub(crate) memory: f64,
    /// The load average of the last minute, just before the case.
    pub(crate) load: String,
}

/// What a case cost.
pub(crate) struct Costs {
    /// From two seconds before the due time until nothing was left to do, permalinks included.
    pub(crate) whole: Cost,
    /// The same without what that time costs where nothing is due.
    pub(crate) own: Cost,
    /// From two seconds before the due time until the last result was written.
    pub(crate) burst: Cost,
}

impl Case {
    /// Writes the posts, schedules them, starts a worker and watches.
    pub(crate) async fn run(&self, house: &House<'_>) -> Result<Outcome> {
        let due = self.schedule(house).await?;
        let latency = json!({"ms": u64::try_from(self.latency.as_millis())?});
        house.front_end.admin(Method::PUT, "latency", Some(latency)).await?;
        backlog::settle(house).await?;
        let sends: Vec<_> =
            self.sends.iter().map(|sends| ("POSTERN_WORKER_CONCURRENCY", sends.to_string())).collect();
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let worker = house.stage.role("work", &sends).await?;
        sleep_until(due - QUIET).await?;
        if count_finished(house, warm_up(due)).await? < WARM_UP {
            return Err("the warm-up is not over: is the machine busy?".into());
        }
        let before = ledger::length(&house.front_end).await?;
        let costs = watch(house, &worker, due).await?;
        let memory = meter::peak_memory(worker.pid)?;
        worker.stop().await?;
        let entries = ledger::read(&house.front_end, before).await?;
        let finished = count_finished(house, due).await?;
        let verdict = Verdict::of(&entries, due, self.latency, self.publications.abs_diff(finished));
        let load = load.split_whitespace().next().unwrap_or_default().to_owned();
        Ok(Outcome { verdict, costs, memory, load })
    }

    /// Schedules the warm-up, and one post for each channel, all for the instant that is returned.
    async fn schedule(&self, house: &House<'_>) -> Result<DateTime<Utc>> {
        let began = Instant::now();
        let (first, posts) = (house.write(WARM_UP).await?, house.write(self.publications).await?);
        let ahead = began.elapsed() * 3 + REST + QUIET;
        let due = (Utc::now() + ahead).trunc_subsecs(0) + TimeDelta::seconds(1);
        eprintln!("{} posts are written; they are due at {due}", posts.len());
        house.schedule(first, warm_up(due)).await?;
        house.schedule(posts, due).await?;
        Ok(due)
    }
}

/// When the warm-up of a burst is due.
fn warm_up(due: DateTime<Utc>) -> DateTime<Utc> {
    due - QUIET - WARM_UP_LEAD
}

/// Waits for everything, and reads the meters when the quiet time begins, when it ends, after the burst and at the end.
async fn watch(house: &House<'_>, worker: &Process, due: DateTime<Utc>) -> Result<Costs> {
    let mut observer = Observer::new(house).await?;
    let (begun, quiet_since) = (observer.cost(house, worker).await?, Instant::now());
    sleep_until(due - ARMED).await?;
    let (armed, armed_at) = (observer.cost(house, worker).await?, Instant::now());
    sleep_until(due).await?;
    observer.wait_until_none_is(due, OPEN).await?;
    let sent = observer.cost(house, worker).await?;
    observer.wait_until_none_is(due, "'published'").await?;
    let ended = observer.cost(house, worker).await?;
    let whole = armed.until(ended);
    let quiet = armed_at.elapsed().div_duration_f64(armed_at - quiet_since);
    Ok(Costs { whole, own: begun.until(armed).times(quiet).until(whole), burst: armed.until(sent) })
}

impl Cost {
    fn until(self, end: Self) -> Self {
        Self {
            worker: end.worker.saturating_sub(self.worker),
            database: end.database.saturating_sub(self.database),
            sandbox: end.sandbox.saturating_sub(self.sandbox),
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            worker: self.worker.mul_f64(factor),
            database: self.database.mul_f64(factor),
            sandbox: self.sandbox.mul_f64(factor),
        }
    }
}

async fn sleep_until(at: DateTime<Utc>) -> Result<()> {
    let left = (at - Utc::now()).to_std();
    tokio::time::sleep(left.map_err(|_| "the set-up took longer than it may: is the machine busy?")?).await;
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many publications of a burst are published and know where people see them.
async fn count_finished(house: &House<'_>, due: DateTime<Utc>) -> Result<usize> {
    use diesel_async::RunQueryDsl;
    let mut connection = backlog::connect(house).await?;
    let finished = sql_query(
        "SELECT count(*) AS count FROM publications
        WHERE due_at = $1 AND state = 'published' AND permalink IS NOT NULL",
    );
    let count: Count = finished.bind::<Timestamptz, _>(due).get_result(&mut connection).await?;
    Ok(usize::try_from(count.count)?)
}
