//! The closed loop.

use std::{sync::Arc, time::Duration};

use cluster::Cluster;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    client::{Caller, Operation},
    stage::{Result, meter, process::Process, quantiles::Quantiles},
};

/// Requests before the first that counts, to open connections and fill caches.
const WARM_UP: Duration = Duration::from_millis(500);

/// What came of it.
pub(crate) struct Sample {
    /// How long each request took.
    pub(crate) times: Quantiles,
    /// Answers other than 2xx.
    pub(crate) refused: usize,
    /// How long all of it took.
    pub(crate) elapsed: Duration,
    /// CPU time of the API.
    pub(crate) api: Duration,
    /// CPU time of the database.
    pub(crate) database: Duration,
    /// The API's peak so far, in MiB.
    pub(crate) memory: f64,
}

/// Sends requests over so many connections for so long.
pub(crate) async fn run(
    (api, cluster): (&Process, &Cluster),
    caller: &Arc<Caller>,
    operation: Operation,
    connections: usize,
    time: Duration,
) -> Result<Sample> {
    round(caller, operation, connections, WARM_UP).await?;
    let before = (meter::cpu(api.pid)?, meter::database_cpu(cluster).await?);
    let began = Instant::now();
    let (times, refused) = round(caller, operation, connections, time).await?;
    Ok(Sample {
        times,
        refused,
        elapsed: began.elapsed(),
        api: meter::cpu(api.pid)?.saturating_sub(before.0),
        database: meter::database_cpu(cluster).await?.saturating_sub(before.1),
        memory: meter::peak_memory(api.pid)?,
    })
}

async fn round(
    caller: &Arc<Caller>,
    operation: Operation,
    connections: usize,
    time: Duration,
) -> Result<(Quantiles, usize)> {
    let until = Instant::now() + time;
    let mut loops = JoinSet::new();
    for _ in 0..connections {
        let caller = Arc::clone(caller);
        loops.spawn(async move { repeat(&caller, operation, until).await });
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    while let Some(ended) = loops.join_next().await {
        let (mut more, refusals) = ended??;
        times.append(&mut more);
        refused += refusals;
    }
    Ok((times.into_iter().collect(), refused))
}

async fn repeat(caller: &Caller, operation: Operation, until: Instant) -> Result<(Vec<Duration>, usize)> {
    let (mut times, mut refused) = (Vec::new(), 0);
    while Instant::now() < until {
        let began = Instant::now();
        refused += usize::from(!caller.once(operation).await?);
        times.push(began.elapsed());
    }
    Ok((times, refused))
}
