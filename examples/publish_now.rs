//! Publishes a text with a link on a Facebook Page, now: `cargo run --example publish_now`.

mod client;

use chrono::Utc;
use client::{Client, Trouble, text};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let api = Client::from_env()?;
    let (channel, workspace) = api.channel("facebook").await?;
    let post = api
        .publish(&json!({
            "workspace_id": workspace,
            "caption": format!("The harbour at {} UTC. When the tide comes in:", Utc::now().format("%H:%M:%S")),
            "link": "https://example.org/tides",
            "targets": [{"channel_id": channel}],
        }))
        .await?;
    let published = api.until(&post, |publication| publication["permalink"].is_string()).await?;
    println!("{}", text(&published, "permalink")?);
    Ok(())
}
