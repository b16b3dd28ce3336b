//! Calendars over many posts in one workspace: how long a view takes, and what it costs.
//!
//! A closed loop over HTTP, as in the bench of the API; which month is looked at changes with every request.

mod posts;
#[path = "../stage/mod.rs"]
mod stage;
mod views;

use std::time::Duration;

use clap::Parser;

use stage::{Result, Stage, front_end::FrontEnd};
use views::{Desk, View};

/// Measures calendars.
#[derive(Parser)]
struct Arguments {
    /// Posts in the workspace.
    #[arg(long, default_value_t = 100_000)]
    posts: usize,
    /// Over how many days they are spread.
    #[arg(long, default_value_t = 365)]
    days: i32,
    /// Connections at once.
    #[arg(long, value_delimiter = ',', default_value = "1,8")]
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
    let front_end = FrontEnd::new(&api.url, &stage.sandbox.url)?;
    let desk = posts::fill(stage, front_end, arguments.posts, arguments.days).await?;
    println!("{}", views::heading());
    let time = Duration::from_secs_f64(arguments.seconds);
    for view in View::ALL {
        for connections in arguments.connections.iter().copied() {
            let sample = desk.look((&api, &stage.cluster), view, connections, time).await?;
            println!("{}", views::line(view, connections, &sample));
        }
    }
    api.stop().await
}

impl Desk {
    /// A place to look from.
    const fn new(front_end: FrontEnd, workspace: String, keys: Vec<String>, days: i32) -> Self {
        Self { front_end, workspace, keys, days, turn: std::sync::atomic::AtomicI32::new(0) }
    }
}
