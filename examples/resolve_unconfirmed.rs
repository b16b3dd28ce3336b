//! What happens when nobody can know whether a post went out, and how a person decides: `cargo run --example
//! resolve_unconfirmed`. The sandbox publishes but breaks the connection before it answers, and then refuses to be looked at.

mod client;

use chrono::Utc;
use client::{Client, Trouble, text};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let api = Client::from_env()?;
    let platform = Platform::from_env()?;
    let (channel, workspace) = api.channel("facebook").await?;
    let page = page_of(&api, &channel).await?;
    platform.fault(&json!({"endpoint": "feed", "account": page, "count": 1, "effect": {"kind": "execute_then_drop"}})).await?;
    let refusal = json!({"kind": "refuse", "code": 200, "message": "Permissions error"});
    let looks = json!({"endpoint": "published_posts", "account": page, "count": 1, "effect": refusal});
    platform.fault(&looks).await?;

    let caption = format!("Is this out, or is it not? It is {} UTC.", Utc::now().format("%H:%M:%S"));
    let post = json!({"workspace_id": workspace, "caption": caption, "targets": [{"channel_id": channel}]});
    let post = api.publish(&post).await?;
    let open = api.until(&post, |publication| publication["needs_person"] == true).await?;
    println!("a person must look: {}", open["trouble"]["fix"].as_str().unwrap_or_default());

    // What a person sees on the Page, read from the sandbox's ledger.
    let seen = platform.find(&page, &caption).await?;
    println!("it is there once, as {seen}: told so, Postern does not send it again");
    let path = format!("/v1/publications/{}/resolve", text(&open, "id")?);
    let resolved = api.post(&path, &json!({"outcome": "live", "platform_post_id": seen})).await?;
    println!("{}", text(&resolved, "state")?);
    Ok(())
}

async fn page_of(api: &Client, channel: &str) -> Result<String, Trouble> {
    text(&api.get(&format!("/v1/channels/{channel}")).await?, "remote_id")
}

/// The sandbox's admin API.
struct Platform {
    http: reqwest::Client,
    url: String,
}

impl Platform {
    fn from_env() -> Result<Self, Trouble> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = std::env::var("POSTERN_SANDBOX_URL").unwrap_or_else(|_| "http://127.0.0.1:8090".to_owned());
        Ok(Self { http, url })
    }

    async fn fault(&self, fault: &Value) -> Result<(), Trouble> {
        let answer = self.http.post(format!("{}/_sandbox/faults", self.url)).json(fault).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// The id of the only entry with this text.
    async fn find(&self, page: &str, caption: &str) -> Result<String, Trouble> {
        let ledger = self.http.get(format!("{}/_sandbox/ledger?account={page}", self.url)).send().await?;
        let ledger: Value = ledger.json().await?;
        let entries = ledger["entries"].as_array().into_iter().flatten();
        let found: Vec<_> = entries.filter(|entry| entry["text"] == caption).collect();
        match found[..] {
            [one] => text(one, "object_id"),
            _ => Err(format!("the Page shows it {} times", found.len()).into()),
        }
    }
}
