//! Connecting a Facebook Page and its Instagram account, or connecting them again: the sandbox forgets its tokens when it ends.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::Seed;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    account::Member,
    browser,
    client::{Client, Page},
    stage::Stage,
    trouble::Trouble,
    voice::Voice,
};

/// A place to publish.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Channel {
    /// The identifier.
    pub(super) id: String,
    /// `facebook` or `instagram`.
    pub(super) platform: String,
    remote_id: String,
    name: String,
    username: Option<String>,
    connection_id: Option<String>,
}

impl Channel {
    /// As people call it.
    pub(super) fn title(&self) -> String {
        self.username.as_ref().map_or_else(|| self.name.clone(), |name| format!("@{name}"))
    }

    /// What names it on its platform.
    fn choice(&self) -> Choice {
        (self.platform.clone(), self.remote_id.clone())
    }
}

/// A platform and an id there.
type Choice = (String, String);

#[derive(Deserialize)]
struct Begun {
    id: String,
    authorize_url: String,
}

/// The Page and the Instagram account of the demo, connected now: the Page first.
pub(super) async fn channels(stage: &Stage, member: &Member, voice: Voice) -> Result<Vec<Channel>, Trouble> {
    let wanted = wanted(&stage.seed).ok_or(Trouble::NothingToConnect)?;
    let mut missing: BTreeSet<_> = wanted.iter().cloned().collect();
    for (connection, choices) in connected(list(member).await?) {
        let path = format!("/v1/connections/{connection}/reconnect");
        let begun: Begun = member.client.post(&path, &json!({})).await?;
        let work = log_in(&member.client, &begun, &stage.seed.person_id, &choices);
        voice.during("connecting again: the sandbox is a new one, the channels stay the same", work).await?;
        missing.retain(|choice| !choices.contains(choice));
    }
    if !missing.is_empty() {
        let new = json!({"workspace_id": member.workspace, "provider": "meta"});
        let begun: Begun = member.client.post("/v1/connections", &new).await?;
        let work = log_in(&member.client, &begun, &stage.seed.person_id, &missing);
        voice
            .during("connecting a Facebook Page and an Instagram account through the login dialog", work)
            .await?;
    }
    let all = list(member).await?;
    let found: Vec<_> =
        wanted.iter().filter_map(|choice| all.iter().find(|it| it.choice() == *choice)).collect();
    for channel in &found {
        voice.say(&format!("connected: {} on {} ({})", channel.title(), channel.platform, channel.id));
    }
    Ok(found.into_iter().cloned().collect())
}

/// The first Page that can be published to and has an Instagram account, and that account.
fn wanted(seed: &Seed) -> Option<[Choice; 2]> {
    let mut pages = seed.pages.iter().filter(|page| page.can_publish);
    let (page, account) = pages.find_map(|page| Some((page, page.instagram.as_ref()?)))?;
    Some([("facebook".to_owned(), page.id.clone()), ("instagram".to_owned(), account.id.clone())])
}

async fn list(member: &Member) -> Result<Vec<Channel>, Trouble> {
    let path = format!("/v1/channels?limit=100&workspace_id={}", member.workspace);
    Ok(member.client.get::<Page<Channel>>(&path).await?.data)
}

/// The channels of each connection.
fn connected(channels: Vec<Channel>) -> BTreeMap<String, BTreeSet<Choice>> {
    let mut connections = BTreeMap::<_, BTreeSet<_>>::new();
    for mut channel in channels {
        if let Some(connection) = channel.connection_id.take() {
            connections.entry(connection).or_default().insert(channel.choice());
        }
    }
    connections
}

/// One login, from the dialog to the choice of channels.
async fn log_in(
    client: &Client,
    begun: &Begun,
    person: &str,
    choices: &BTreeSet<Choice>,
) -> Result<(), Trouble> {
    let code = browser::agree(&begun.authorize_url, person).await?;
    let path = format!("/v1/connections/{}", begun.id);
    let _: Value = client.post(&format!("{path}/complete"), &json!({"completion_code": code})).await?;
    let choice = |(platform, id): &Choice| json!({"platform": platform, "remote_id": id});
    let choices: Vec<_> = choices.iter().map(choice).collect();
    let _: Value = client.post(&format!("{path}/channels"), &json!({"candidates": choices})).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(platform: &str, connection: Option<&str>) -> Channel {
        Channel {
            id: String::new(),
            platform: platform.to_owned(),
            remote_id: "1".to_owned(),
            name: String::new(),
            username: None,
            connection_id: connection.map(str::to_owned),
        }
    }

    #[test]
    fn every_connection_is_made_again_with_its_channels_and_none_that_was_ended() {
        let all =
            vec![channel("facebook", Some("a")), channel("instagram", Some("a")), channel("facebook", None)];
        let found = connected(all);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found["a"].iter().map(|(platform, _)| platform).collect::<Vec<_>>(),
            ["facebook", "instagram"]
        );
    }
}
