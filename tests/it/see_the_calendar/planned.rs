//! Occurrences of series that have no posts yet: in views, files and feeds.

use chrono::{Days, Utc};
use serde_json::{Value, json};

use super::{stage, values};
use crate::support::{Caller, Channels, Person};

/// A monthly series of which nothing is a post yet; its place and its first day.
async fn monthly(person: &Person, channels: &Channels) -> (String, chrono::NaiveDate) {
    let first = Utc::now().date_naive() + Days::new(20);
    let body = json!({
        "workspace_id": person.workspace, "caption": "Once\na month",
        "targets": [{ "channel_id": channels.facebook }, { "channel_id": channels.instagram, "caption": "There" }],
        "media": [{ "media_id": person.upload(crate::support::pictures::jpeg([3, 9, 9])).await }],
        "start": { "local_time": format!("{first}T10:00:00"), "time_zone": "UTC" }, "rule": "FREQ=DAILY;INTERVAL=30",
    });
    (person.post("/v1/series", body).await.is(201).header("location"), first)
}

async fn view(person: &Person, first: chrono::NaiveDate, query: &str) -> Value {
    let path =
        format!("/v1/workspaces/{}/calendar?from={first}&to={}", person.workspace, first + Days::new(45));
    person.get(&format!("{path}&time_zone=Asia/Kolkata{query}")).await.is(200).body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_stands_in_the_calendar_before_its_posts_are_made() {
    let (_world, person, channels) = stage().await;
    let (place, first) = monthly(&person, &channels).await;
    let shown = view(&person, first, "").await;
    assert_eq!(shown["data"].as_array().unwrap().len(), 2, "{shown}");
    let (day, second) = (&shown["data"][0], &shown["data"][1]);
    assert_eq!((&day["date"], &day["count"]), (&json!(first.to_string()), &json!(2)));
    let column = day["channels"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["channel_id"] == channels.facebook.as_str());
    let entry = &column.unwrap()["entries"][0];
    for (member, value) in [
        ("status", "planned".to_owned()),
        ("series_id", place.rsplit('/').next().unwrap().to_owned()),
        ("original_local_time", format!("{first}T10:00:00")),
        ("post_local_time", format!("{first}T10:00:00")),
        ("local_time", format!("{first}T15:30:00")),
        ("excerpt", "Once a month".to_owned()),
    ] {
        assert_eq!(entry[member], value, "{member}");
    }
    assert!(entry["post_id"].is_null() && entry["publication_id"].is_null() && entry["media_id"].is_string());
    let skip = format!("{place}/occurrences/{}T10:00:00", second["date"].as_str().unwrap());
    person.patch(&skip, "*", json!({ "skip": true })).await.is(200);
    assert_eq!(view(&person, first, "").await["data"].as_array().unwrap().len(), 1);
    let other = format!("&channel_id={}", channels.instagram);
    let only = view(&person, first, &other).await;
    assert_eq!(
        (&only["data"][0]["count"], only["data"][0]["channels"][0]["entries"][0]["excerpt"].clone()),
        (&json!(1), json!("There"))
    );
    assert_eq!(view(&person, first, "&status=planned&limit=1").await["data"][0]["count"], 2);
    assert_eq!(view(&person, first, "&status=scheduled").await["data"], json!([]));
    person.ask(&format!("{place}/cancel")).await.is(200);
    assert_eq!(view(&person, first, "").await["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_feeds_have_what_a_series_plans_and_show_what_changes() {
    let (_world, person, channels) = stage().await;
    let (place, first) = monthly(&person, &channels).await;
    let to = first + Days::new(31);
    let export =
        format!("/v1/workspaces/{}/posts.ics?to={to}&channel_id={}", person.workspace, channels.facebook);
    let file = person.get(&export).await.is(200).body.as_str().unwrap().to_owned();
    let series = place.rsplit('/').next().unwrap();
    assert_eq!(values(&file, "X-POSTERN-SERIES"), [series; 2]);
    let compact = first.format("%Y%m%dT100000");
    assert_eq!(values(&file, "DTSTART")[0], format!("{compact}Z"));
    assert_eq!(values(&file, "UID")[0], format!("{series}-{compact}-{}", channels.facebook));
    assert_eq!(values(&file, "CATEGORIES"), ["planned"; 2]);
    let all = person.get(&format!("/v1/workspaces/{}/posts.ics", person.workspace)).await.is(200);
    let all = values(all.body.as_str().unwrap(), "UID").len();
    assert!((22..=24).contains(&all), "a year of them on two channels, not {all}");

    let feeds = format!("/v1/workspaces/{}/feeds", person.workspace);
    let mut addresses = Vec::new();
    for body in [
        json!({ "name": "All" }),
        json!({ "name": "Series", "statuses": ["planned"] }),
        json!({ "name": "Posts", "statuses": ["scheduled"] }),
    ] {
        addresses.push(person.post(&feeds, body).await.is(201).text("/url"));
    }
    let nobody = Caller::new("", None);
    let mut before = Vec::new();
    for (address, count) in addresses.iter().zip([12, 12, 0]) {
        let feed = nobody.get(address).await.is(200);
        assert_eq!(values(feed.body.as_str().unwrap(), "UID").len(), count, "{address}");
        before.push(feed.header("etag"));
    }
    person.patch(&place, "*", json!({ "caption": "Changed" })).await.is(200);
    for (address, tag) in addresses.iter().zip(&before).take(2) {
        let asked = nobody.request("GET", address).header("If-None-Match", tag);
        let feed = nobody.send(asked).await.is(200);
        assert!(values(feed.body.as_str().unwrap(), "SUMMARY").contains(&"Changed".to_owned()));
    }
}
