//! The API: reads and writes per second, how long they take, and what they cost.
//!
//! A closed loop: each connection sends its next request when the last one is answered. The loop runs on this machine too and
//! takes its share of the processors. Quotas are per API key, so requests go round among many keys.

mod client;
mod load;
#[path = "../stage/mod.rs"]
mod stage;

use std::{sync::Arc, time::Duration};

use clap::Parser;

use client::{Caller, Operation};
use load::Sample;
use stage::{
    Result, Stage,
    front_end::FrontEnd,
    quantiles::{ms, per_one, per_second},
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
    "not 2xx",
];

/// Measures the API.
#[derive(Parser)]
struct Arguments {
    /// Connections at once.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// Seconds for each line.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
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
    let caller = Arc::new(Caller::new(FrontEnd::new(&api.url, &stage.sandbox.url)?).await?);
    println!("{}", table::heading(&COLUMNS));
    for operation in Operation::ALL {
        for connections in arguments.connections.iter().copied() {
            let time = Duration::from_secs_f64(arguments.seconds);
            let sample = load::run((&api, &stage.cluster), &caller, operation, connections, time).await?;
            println!("{}", line(operation, connections, &sample));
        }
    }
    api.stop().await
}

fn line(operation: Operation, connections: usize, sample: &Sample) -> String {
    let count = sample.times.count();
    let cells = [
        operation.name().to_owned(),
        connections.to_string(),
        per_second(count, sample.elapsed),
        ms(sample.times.at(50)),
        ms(sample.times.at(99)),
        per_one(sample.api, count),
        per_one(sample.database, count),
        format!("{:.0}", sample.memory),
        sample.refused.to_string(),
    ];
    table::line(&cells)
}
