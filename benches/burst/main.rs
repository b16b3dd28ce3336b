//! The burst: publications due at one instant, everything on this machine, the complete product in the path.
//!
//! `just bench-burst` runs every case; `just bench-burst --sizes 1000 --latencies 0 --future 0` runs one. The table says what was
//! measured and nothing about time is asserted; what must never happen (twice, early, not at all) ends in an error.

mod backlog;
mod case;
mod house;
mod ledger;
mod observer;
mod row;
#[path = "../stage/mod.rs"]
mod stage;

use std::time::Duration;

use clap::Parser;

use case::Case;
use house::House;
use stage::{Result, Stage, front_end::FrontEnd};

/// Measures bursts of publications.
#[derive(Parser)]
struct Arguments {
    /// Publications due at one instant.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    sizes: Vec<usize>,
    /// Latencies of the platform in milliseconds.
    #[arg(long, value_delimiter = ',', default_value = "0,200")]
    latencies: Vec<u64>,
    /// Future posts in the store: one series of cases for each number, in rising order.
    #[arg(long, value_delimiter = ',', default_value = "0,1000000")]
    future: Vec<usize>,
    /// Irreversible calls at once; the program's default if absent.
    #[arg(long)]
    sends: Option<usize>,
    /// Runs of every case.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    fn cases(&self) -> impl Iterator<Item = Case> {
        let Self { sizes, latencies, sends, runs, .. } = self;
        let pairs = sizes.iter().flat_map(move |size| latencies.iter().map(move |latency| (*size, *latency)));
        pairs.flat_map(move |(publications, latency)| {
            let latency = Duration::from_millis(latency);
            (0..*runs).map(move |_| Case { publications, latency, sends: *sends })
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if Stage::play(async |stage| measure(&arguments, stage).await).await? {
        return Ok(());
    }
    Err("something was published twice, early or not at all, see the table".into())
}

/// Runs the cases and prints their lines; says whether nothing happened that must not.
async fn measure(arguments: &Arguments, stage: &Stage) -> Result<bool> {
    let api = stage.role("serve", &[]).await?;
    let front_end = FrontEnd::new(&api.url, &stage.sandbox.url)?;
    let pages = arguments.sizes.iter().copied().chain([case::WARM_UP]).max().unwrap_or_default();
    let house = House::furnish(stage, front_end, pages).await?;
    let (mut is_clean, mut there) = (true, 0);
    println!("{}", row::heading());
    for future in arguments.future.iter().copied() {
        backlog::grow(&house, future.saturating_sub(there)).await?;
        there = future;
        for case in arguments.cases() {
            let outcome = case.run(&house).await?;
            is_clean &= outcome.verdict.is_clean();
            println!("{}", row::line(&case, future, &outcome));
        }
    }
    api.stop().await?;
    Ok(is_clean)
}
