//! The queue of a channel: the next free slot and an addition, with a year of posts that wait.
//!
//! A closed loop, like that of the API: each connection sends its next request when the last one is answered, and takes its share of
//! the processors. Additions go to one queue, so they wait for each other.

mod line;
#[path = "../stage/mod.rs"]
mod stage;

use std::{sync::Arc, time::Duration};

use clap::Parser;
use tokio::{task::JoinSet, time::Instant};

use line::{Line, Operation};
use stage::{
    Result, Stage,
    front_end::FrontEnd,
    meter,
    process::Process,
    quantiles::{Quantiles, ms, per_one, per_second},
    table,
};

const COLUMNS: [&str; 9] = [
    "operation",
    "connections",
    "per second",
    "p50 ms",
    "p99 ms",
    "CPU ms each: API",
    "database",
    "API MiB, peak",
    "waiting at the end",
];

/// Measures the queue of a channel.
#[derive(Parser)]
struct Arguments {
    /// Connections at once.
    #[arg(long, value_delimiter = ',', default_value = "1,16")]
    connections: Vec<usize>,
    /// Requests for each line.
    #[arg(long, default_value_t = 400)]
    requests: usize,
    /// Posts that wait before the first line; there are four slots a day.
    #[arg(long, default_value_t = 4 * 365)]
    waiting: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    Stage::play(async |stage| measure(&arguments, stage).await).await
}

async fn measure(arguments: &Arguments, stage: &Stage) -> Result<()> {
    let api = stage.role("serve", &[]).await?;
    let line = Arc::new(Line::new(FrontEnd::new(&api.url, &stage.sandbox.url)?).await?);
    line.fill(arguments.waiting).await?;
    println!("{}", table::heading(&COLUMNS));
    for operation in Operation::ALL {
        for connections in arguments.connections.iter().copied() {
            let row = row(&api, stage, &line, operation, connections, arguments.requests).await?;
            println!("{}", table::line(&row));
        }
    }
    api.stop().await
}

async fn row(
    api: &Process,
    stage: &Stage,
    line: &Arc<Line>,
    operation: Operation,
    connections: usize,
    requests: usize,
) -> Result<[String; 9]> {
    let drafts = line.drafts(operation, requests).await?;
    let before = (meter::cpu(api.pid)?, meter::database_cpu(&stage.cluster).await?);
    let began = Instant::now();
    let times = run(line, operation, connections, drafts).await?;
    let elapsed = began.elapsed();
    let cpu = meter::cpu(api.pid)?.saturating_sub(before.0);
    let database = meter::database_cpu(&stage.cluster).await?.saturating_sub(before.1);
    Ok([
        operation.name().to_owned(),
        connections.to_string(),
        per_second(times.count(), elapsed),
        ms(times.at(50)),
        ms(times.at(99)),
        per_one(cpu, times.count()),
        per_one(database, times.count()),
        format!("{:.0}", meter::peak_memory(api.pid)?),
        line.waiting().to_string(),
    ])
}

/// Spreads the drafts over so many connections, which work through them at once.
async fn run(
    line: &Arc<Line>,
    operation: Operation,
    connections: usize,
    mut drafts: Vec<String>,
) -> Result<Quantiles> {
    let mut loops: JoinSet<Result<Vec<Duration>>> = JoinSet::new();
    let share = drafts.len().div_ceil(connections.max(1)).max(1);
    while !drafts.is_empty() {
        let own = drafts.split_off(drafts.len().saturating_sub(share));
        let line = Arc::clone(line);
        loops.spawn(async move {
            let mut times = Vec::with_capacity(own.len());
            for draft in own {
                let began = Instant::now();
                line.once(operation, &draft).await?;
                times.push(began.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(ended) = loops.join_next().await {
        times.append(&mut ended??);
    }
    Ok(times.into_iter().collect())
}
