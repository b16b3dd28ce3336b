//! Plans a week of posts on a Facebook Page and prints its calendar: a series each morning, posts in the slots of a queue, and one at a
//! time of its own. `cargo run --example plan_a_week`.

#[expect(dead_code, reason = "nothing is published now, nor waited for")]
mod client;

use chrono::{NaiveDate, Utc};
use client::{Client, Trouble, text};
use reqwest::Method;
use serde_json::{Value, json};

const ZONE: &str = "Europe/Berlin";

/// Where a post is planned.
struct Desk {
    api: Client,
    channel: String,
    workspace: String,
}

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let api = Client::from_env()?;
    let (channel, workspace) = api.channel("facebook").await?;
    let desk = Desk { api, channel, workspace };
    let days: Vec<NaiveDate> = Utc::now().date_naive().iter_days().take(9).collect();
    desk.mornings(&days).await?;
    desk.slots().await?;
    for caption in ["Three facts about herrings.", "Who can name this boat?", "Our week in pictures."] {
        desk.queue(caption).await?;
    }
    let id = desk.write("Live music at the harbour tonight.").await?;
    let when = json!({"local_time": at(days[3], "19:00:00"), "time_zone": ZONE});
    desk.api.post(&format!("/v1/posts/{id}/schedule"), &when).await?;
    desk.print(days[1], days[8]).await
}

impl Desk {
    /// A post each morning of a week, with three texts in turn: platforms hold the same text again and again for spam.
    async fn mornings(&self, days: &[NaiveDate]) -> Result<(), Trouble> {
        let series = json!({
            "workspace_id": self.workspace,
            "captions": ["The tide comes in at nine.", "Fresh rolls until noon.", "The ferry is on time today."],
            "targets": [{"channel_id": self.channel}],
            "start": {"local_time": at(days[1], "08:00:00"), "time_zone": ZONE},
            "rule": "FREQ=DAILY;COUNT=7",
        });
        let id = text(&self.api.post("/v1/series", &series).await?, "id")?;
        // The fourth morning differs: an hour later, and with a text of its own.
        let fourth = format!("/v1/series/{id}/occurrences/{}", at(days[4], "08:00:00"));
        let change =
            json!({"local_time": at(days[4], "09:00:00"), "caption": "We open an hour later today."});
        self.replace(Method::PATCH, &fourth, &change).await
    }

    /// Slots from Monday to Friday, an hour away from anything else.
    async fn slots(&self) -> Result<(), Trouble> {
        let schedule = json!({
            "time_zone": ZONE,
            "week": {
                "monday": ["12:30"], "tuesday": ["12:30"], "wednesday": ["12:30", "17:00"],
                "thursday": ["12:30"], "friday": ["17:00"],
            },
            "spacing_minutes": 60,
            "refill": "move_up",
        });
        let path = format!("/v1/workspaces/{}/posting_schedule", self.workspace);
        self.replace(Method::PUT, &path, &schedule).await
    }

    /// Puts a post into the next free slot.
    async fn queue(&self, caption: &str) -> Result<(), Trouble> {
        let id = self.write(caption).await?;
        self.api.post(&format!("/v1/posts/{id}/queue"), &json!({})).await.map(drop)
    }

    async fn write(&self, caption: &str) -> Result<String, Trouble> {
        let targets = json!([{"channel_id": self.channel}]);
        let post = json!({"workspace_id": self.workspace, "caption": caption, "targets": targets});
        text(&self.api.post("/v1/posts", &post).await?, "id")
    }

    /// Writes over whatever version there is.
    async fn replace(&self, method: Method, path: &str, with: &Value) -> Result<(), Trouble> {
        self.api.send(method, path, |request| request.header("If-Match", "*").json(with)).await.map(drop)
    }

    /// Prints what the calendar has from one day to another.
    async fn print(&self, from: NaiveDate, to: NaiveDate) -> Result<(), Trouble> {
        let view = format!("calendar?from={from}&to={to}&time_zone={ZONE}&channel_id={}", self.channel);
        let calendar = self.api.get(&format!("/v1/workspaces/{}/{view}", self.workspace)).await?;
        for day in list(&calendar["data"]) {
            println!("{}", text(day, "date")?);
            for entry in list(&day["channels"]).iter().flat_map(|channel| list(&channel["entries"])) {
                let time = text(entry, "local_time")?;
                let clock = time.split('T').nth(1).unwrap_or(&time);
                println!("    {clock}  {:10} {}", text(entry, "status")?, text(entry, "excerpt")?);
            }
        }
        Ok(())
    }
}

/// The items of a list.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A time on the wall.
fn at(day: NaiveDate, time: &str) -> String {
    format!("{day}T{time}")
}
