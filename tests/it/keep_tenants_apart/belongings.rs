//! One thing of every kind that an organization can have.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::probe::Probe;
use crate::support::{Person, World, person::PASSWORD, pictures::jpeg};

/// The first occurrence of everybody's series: what the document shows as an example of a local time.
const ORIGINAL: &str = "2027-03-02T09:30:00";

/// An organization and its things, by the prefix of their ids.
pub(super) struct Belongings {
    pub(super) person: Person,
    ids: BTreeMap<&'static str, String>,
}

impl Belongings {
    /// Signs up, connects, uploads, grants, publishes and schedules.
    pub(super) async fn collect(world: &World, organization: &str) -> Self {
        let person = world.sign_up(organization).await;
        let channels = person.connect().await;
        let media = person.upload(jpeg([30, 30, 30])).await;
        let (key, _) = person.grant(json!({ "name": "robot", "scopes": ["posts:read"] })).await;
        let with_picture = json!({ "media": [{ "media_id": media }] });
        let post = person.write("Published before", &[&channels.facebook], with_picture.clone()).await;
        person.publish_now(&post).await;
        let published = person.until_status(&post, "published").await;
        // Its lists have more than one row, and the thing that is asked for is not simply the newest.
        let future = person.write("For another day", &[&channels.instagram], with_picture).await;
        person.schedule(&future, Utc::now() + TimeDelta::days(30)).await.is(200);
        let series = json!({
            "workspace_id": person.workspace, "caption": "Once a week", "targets": [{ "channel_id": channels.facebook }],
            "start": { "local_time": ORIGINAL, "time_zone": "UTC" }, "rule": "FREQ=WEEKLY",
        });
        let series = person.post("/v1/series", series).await.is(201).text("/id");
        let credentials = json!({ "mail": person.mail, "password": PASSWORD });
        let other_session = person.post("/v1/sessions", credentials).await.is(201).text("/id");
        let feeds = format!("/v1/workspaces/{}/feeds", person.workspace);
        let feed = person.post(&feeds, json!({ "name": "Team" })).await.is(201).text("/feed/id");
        let import =
            person.import(&person.workspace, "", "key,caption\none,Imported\n").await.is(202).text("/id");
        person.until_imported(&import).await;
        let ids = BTreeMap::from([
            ("import", import),
            ("org", person.organization.clone()),
            ("ws", person.workspace.clone()),
            ("conn", channels.connection),
            ("chan", channels.facebook),
            ("media", media),
            ("key", key),
            ("feed", feed),
            ("post", post),
            ("pub", published["publications"][0]["id"].as_str().unwrap().to_owned()),
            ("session", other_session),
            ("series", series),
        ]);
        Self { person, ids }
    }

    /// The thing whose ids match a pattern of the document, such as `^chan_[0-7]…$`.
    pub(super) fn matching(&self, pattern: &str) -> &str {
        let prefix = pattern.trim_start_matches('^').split('_').next().unwrap_or_default();
        let known = self.ids.get(prefix);
        known.unwrap_or_else(|| {
            panic!("no story has a thing with ids like {pattern}: add it to belongings.rs")
        })
    }

    pub(super) fn ids(&self) -> Vec<&String> {
        self.ids.values().collect()
    }

    /// Whether an answer says anything about these things beyond repeating the id that was asked for.
    pub(super) fn is_mentioned_in(&self, body: &Value, probe: &Probe) -> bool {
        let text = body.to_string();
        self.ids.values().any(|id| text.contains(id) && !probe.mentions(id))
    }
}
