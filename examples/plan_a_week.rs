//! Plans a week of posts on a Facebook Page, by a series and one by one, and prints what goes out when: `cargo run --example
//! plan_a_week`.

#[expect(dead_code, reason = "nothing is published now, nor waited for")]
mod client;

use chrono::{NaiveDate, Utc};
use client::{Client, Trouble, text};
use reqwest::Method;
use serde_json::{Value, json};

const ZONE: &str = "Europe/Berlin";

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let api = Client::from_env()?;
    let (channel, workspace) = api.channel("facebook").await?;
    let today = Utc::now().date_naive();
    let days: Vec<NaiveDate> = today.iter_days().take(10).collect();
    mornings(&api, &channel, &workspace, &days).await?;
    for (day, time, caption) in
        [(3, "17:30:00", "Live music at the harbour tonight."), (6, "12:00:00", "Today is fish market.")]
    {
        let post =
            json!({"workspace_id": workspace, "caption": caption, "targets": [{"channel_id": channel}]});
        let id = text(&api.post("/v1/posts", &post).await?, "id")?;
        let when = json!({"local_time": at(days[day], time), "time_zone": ZONE});
        api.post(&format!("/v1/posts/{id}/schedule"), &when).await?;
    }
    let (from, before) = (at(today, "00:00:00"), at(days[9], "00:00:00"));
    let week = api.get(&format!("/v1/posts?limit=100&due_from={from}Z&due_before={before}Z")).await?;
    for line in lines(&week)? {
        println!("{line}");
    }
    Ok(())
}

/// A post each morning of a week, with three texts in turn: platforms hold the same text again and again for spam.
async fn mornings(api: &Client, channel: &str, workspace: &str, days: &[NaiveDate]) -> Result<(), Trouble> {
    let series = json!({
        "workspace_id": workspace,
        "captions": ["The tide comes in at nine.", "Fresh rolls until noon.", "The ferry is on time today."],
        "targets": [{"channel_id": channel}],
        "start": {"local_time": at(days[1], "08:00:00"), "time_zone": ZONE},
        "rule": "FREQ=DAILY;COUNT=7",
    });
    let id = text(&api.post("/v1/series", &series).await?, "id")?;
    // The fourth morning differs: an hour later, and with a text of its own.
    let fourth = format!("/v1/series/{id}/occurrences/{}", at(days[4], "08:00:00"));
    let change = json!({"local_time": at(days[4], "09:00:00"), "caption": "We open an hour later today."});
    api.send(Method::PATCH, &fourth, |request| request.header("If-Match", "*").json(&change)).await?;
    Ok(())
}

/// A time on the wall.
fn at(day: NaiveDate, time: &str) -> String {
    format!("{day}T{time}")
}

/// The posts of a list in the order of their times.
fn lines(posts: &Value) -> Result<Vec<String>, Trouble> {
    let line = |post: &Value| {
        let when = text(&post["schedule"], "local_time").or_else(|_| text(&post["schedule"], "at"))?;
        let kind = if post["series_id"].is_string() { "series" } else { "single" };
        Ok(format!("{when}  {kind}  {}  {}", text(post, "status")?, text(post, "caption")?))
    };
    let mut lines =
        posts["data"].as_array().into_iter().flatten().map(line).collect::<Result<Vec<_>, Trouble>>()?;
    lines.sort();
    Ok(lines)
}
