//! An import: rows per second while a file arrives and while workers turn it into posts, and the most memory either needs.
//!
//! The file is made while it is sent, so that nobody ever has all of it.

#[expect(dead_code, reason = "shared with other measurements, which need more of it")]
#[path = "../stage/mod.rs"]
mod stage;

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Parser;
use futures::{Stream, stream};
use reqwest::{Body, Method};
use serde_json::Value;

use stage::{
    Result, Stage, front_end::FrontEnd, meter::peak_memory, process::Process, quantiles::per_second, table,
};

const COLUMNS: [&str; 6] = ["step", "rows", "seconds", "rows per second", "MiB, peak", "MiB before"];
/// Rows of one piece of the file.
const PIECE: u32 = 500;
/// How long an import may take.
const PATIENCE: Duration = Duration::from_mins(30);

/// Measures an import.
#[derive(Parser)]
struct Arguments {
    /// Rows of the file.
    #[arg(long, default_value_t = 100_000)]
    rows: u32,
    /// Pages that the rows are scheduled on, in turn; without any the rows are drafts.
    #[arg(long, default_value_t = 20)]
    pages: usize,
    /// Characters of each caption.
    #[arg(long, default_value_t = 280)]
    caption: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    Stage::play(async |stage| measure(&arguments, stage).await).await
}

/// The file, piece by piece: one row a minute, from tomorrow on.
fn file(
    arguments: &Arguments,
    channels: Vec<String>,
) -> impl Stream<Item = std::result::Result<Vec<u8>, Infallible>> + Send + use<> {
    let (rows, caption) = (arguments.rows, "x".repeat(arguments.caption));
    let from = Utc::now() + TimeDelta::days(1);
    let header = std::iter::once("key,caption,channels,at,action\r\n".to_owned());
    let pieces = (0..rows.div_ceil(PIECE)).map(move |piece| {
        let numbers = piece * PIECE..rows.min((piece + 1) * PIECE);
        numbers.map(|number| row(number, &caption, &channels, from)).collect::<String>()
    });
    stream::iter(header.chain(pieces).map(|piece| Ok(piece.into_bytes())))
}

fn row(number: u32, caption: &str, channels: &[String], from: DateTime<Utc>) -> String {
    let at = from + TimeDelta::minutes(i64::from(number));
    match channels.get(number as usize % channels.len().max(1)) {
        Some(channel) => {
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("row-{number},\"{number}, {caption}\",{channel},{at},schedule\r\n")
        }
        None => format!("row-{number},\"{number}, {caption}\",,,\r\n"),
    }
}

async fn measure(arguments: &Arguments, stage: &Stage) -> Result<()> {
    let api = stage.role("serve", &[]).await?;
    let front_end = FrontEnd::new(&api.url, &stage.sandbox.url)?;
    let tenant = front_end.sign_up().await?;
    let key = front_end.keys(&tenant, 1).await?.remove(0);
    let channels = front_end.connect(&tenant, &key, arguments.pages).await?;
    println!("{}", table::heading(&COLUMNS));
    let (before, began) = (peak_memory(api.pid)?, Instant::now());
    let path = format!("/v1/workspaces/{}/imports", tenant.workspace);
    let request = front_end.request(Method::POST, &path, &key).header("Content-Type", "text/csv");
    let answer = request.body(Body::wrap_stream(file(arguments, channels))).send().await?;
    let import: Value = answer.error_for_status()?.json().await?;
    line("received", arguments.rows, began.elapsed(), &api, before)?;
    let worker = stage.role("work", &[]).await?;
    let (before, began) = (peak_memory(worker.pid)?, Instant::now());
    let id = import["id"].as_str().ok_or("the import has no id")?;
    let done = until_done(&front_end, id, &key).await?;
    line("made into posts", arguments.rows, began.elapsed(), &worker, before)?;
    if done["created"] != arguments.rows {
        return Err(format!("not every row became a post: {done:#}").into());
    }
    worker.stop().await?;
    api.stop().await
}

async fn until_done(front_end: &FrontEnd, import: &str, key: &str) -> Result<Value> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let import = front_end.get(&format!("/v1/imports/{import}"), key).await?;
        if import["ended_at"].is_string() {
            return Ok(import);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("the import takes too long".into())
}

fn line(step: &str, rows: u32, elapsed: Duration, process: &Process, before: f64) -> Result<()> {
    let cells = [
        step.to_owned(),
        rows.to_string(),
        format!("{:.1}", elapsed.as_secs_f64()),
        per_second(rows as usize, elapsed),
        format!("{:.0}", peak_memory(process.pid)?),
        format!("{before:.0}"),
    ];
    println!("{}", table::line(&cells));
    Ok(())
}
